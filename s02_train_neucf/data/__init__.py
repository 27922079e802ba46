"""The data of one training, read at one time."""
