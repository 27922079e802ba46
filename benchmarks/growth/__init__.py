"""How the time of each path grows with what it works on: ten times as much in at most eleven times the time."""
