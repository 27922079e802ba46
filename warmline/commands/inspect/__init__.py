"""`warmline inspect`: explains what a user is shown."""
