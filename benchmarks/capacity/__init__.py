"""How far `warmline capacity` is right: for the world that it stands on, and for one ten times as large."""
