"""How far `warmline capacity` is right in bytes: for the world that it stands on, and for larger ones."""
