"""The baselines of the replay, by name. What NeuCF gains over `POPULAR_NOW` comes from the model itself: it is the
heuristic's popularity term alone, which the serving order adds to the model's score."""

POPULARITY, HEURISTIC, POPULAR_NOW = "popularity", "heuristic", "popularity now"  # the first: all likes so far
BASELINES = (POPULARITY, HEURISTIC, POPULAR_NOW)  # in the order of `ranked_at`, before NeuCF's
GATE_BASELINES = (POPULARITY, HEURISTIC)  # what the app shows without a model; the better one must be beaten
