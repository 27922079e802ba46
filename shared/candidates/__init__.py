"""What a ranker ranks and for whom: posts and events as columns, lined up once for all that is counted from them."""
