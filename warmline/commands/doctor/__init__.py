"""`warmline doctor`: checks everything that Warmline needs, and says what to do."""
