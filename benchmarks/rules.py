"""The default rules by which the trainer's replay shows posts, regardless of the environment."""

from s02_train_neucf.gate.rank_at import ReplayRules
from shared.settings import HeuristicSettings, ListSettings, WindowSettings


def default_rules(seed: int) -> ReplayRules:
    """The rules of a nightly training with default settings."""
    lists = ListSettings()
    return ReplayRules(
        window=WindowSettings(), formula=HeuristicSettings(), min_known=lists.cold_min_positives,
        list_length=lists.list_length, seed=seed,
    )  # fmt: skip
