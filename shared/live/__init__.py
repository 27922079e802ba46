"""Live lists: a ranker makes a user's list anew within a second or two of what they did. See docs/adr/0040."""
