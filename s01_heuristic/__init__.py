"""Phase 1: every few minutes, a list for each active user, ranked by popularity and recency."""
