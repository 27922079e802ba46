"""Pages of each mode beside those of `for_you`, and the bytes that modes need in Redis."""
