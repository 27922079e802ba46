"""What `warmline doctor` reads from PostgreSQL: rows, indexes, rights and amounts of data."""
