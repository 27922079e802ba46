"""What `warmline doctor` measures in PostgreSQL: rows, indexes, rights and amounts."""
