"""Whether new posts reach people: a busy world on real servers, new posts in it, and everybody's first fifty."""
