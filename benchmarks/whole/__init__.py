"""The whole pipeline on a large world: time and peak memory of each stage."""
