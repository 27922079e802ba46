"""Which posts are like which: vectors of photo, caption and model, and the search for the nearest ones."""
