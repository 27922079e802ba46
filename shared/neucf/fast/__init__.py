"""The compiled loops of scoring."""
