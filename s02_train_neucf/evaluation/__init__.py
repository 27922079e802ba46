"""How well lists are ranked: cuts by time, plain rankers, exact metrics with intervals."""
