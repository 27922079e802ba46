"""Phase 1: popularity blended with recency, as a ranked list for each active user, every few minutes."""
