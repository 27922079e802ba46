"""The encoders, which turn captions and images into vectors."""
