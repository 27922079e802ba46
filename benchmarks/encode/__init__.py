"""How fast photos and captions become vectors, beside a plain loop and the bare forward pass."""
