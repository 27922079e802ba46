"""Phase 2, during the day: the champion scores candidate posts for active users, and the lists are published."""
