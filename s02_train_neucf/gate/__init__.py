"""Decides whether a model goes live: the replay of recent history, and the checks that a model must pass."""
