"""What the services have in common: words, policies, and one owner for each outside system."""
