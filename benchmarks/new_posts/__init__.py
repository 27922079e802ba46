"""Whether new posts reach people: adds new posts to a busy world on real servers, and reads everybody's first page."""
