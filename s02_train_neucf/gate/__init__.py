"""What lets a model go live: the replay of the past, and the checks that it must pass."""
