"""One module for each command of `warmline`, and what it shows."""
