"""How fast the heuristic job publishes everybody's list, beside a bare pipeline that writes the same bytes."""
