"""Files that somebody else may have put there."""
