"""How good recommendations for somebody without an account are, and how long they take."""
