"""Events into PostgreSQL: how many a second one timeline process takes."""
