"""How long it takes, and how much memory, to get interactions out of PostgreSQL into arrays."""
