"""`warmline import`: reads and checks the files of a folder, and merges their rows."""
