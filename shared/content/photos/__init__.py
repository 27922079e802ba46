"""Untrusted photos: which may be fetched, how they are decoded, and why one could not be read."""
