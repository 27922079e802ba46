"""How the time of each path grows with its data: ten times the data in at most eleven times the time."""
