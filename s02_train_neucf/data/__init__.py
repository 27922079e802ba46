"""What one training reads, as of one moment."""
