"""The encoders: captions and images in, vectors out."""
