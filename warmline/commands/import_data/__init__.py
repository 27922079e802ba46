"""`warmline import`: reads, checks and merges the files of a folder."""
