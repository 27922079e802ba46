"""What pages read: the stores within their budgets, this process's own copies, and what keeps both right."""
