"""Phase 2, by day: the champion scores active users and candidate posts, and its lists are published."""
