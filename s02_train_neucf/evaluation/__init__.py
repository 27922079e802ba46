"""Measures how well lists are ranked: splits by time, baselines, exact metrics with intervals."""
