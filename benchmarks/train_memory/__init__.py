"""How much memory one night's training takes."""
