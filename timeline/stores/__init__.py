"""What pages read: the stores within time budgets, this process's own copies, and what keeps both up to date."""
