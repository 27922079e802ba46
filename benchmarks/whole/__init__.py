"""The whole road on a large world: time and peak memory of each stage."""
