"""One page of a feed, from the request to the answer: which list, which posts, in which order."""
