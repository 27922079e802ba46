"""`warmline doctor`: examines everything that Warmline needs, and says what to do."""
