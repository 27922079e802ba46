"""Trees made by hand."""

from shared.neucf.rank_trees import RankTrees
from shared.neucf.sources.features import FEATURES

STUMP = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx={last}
feature_names={names}

Tree=0
num_leaves=2
num_cat=0
split_feature={split}
threshold={threshold}
decision_type=2
left_child=-1
right_child=-2
leaf_value=0 {gain}
is_linear=0

end of trees
"""


def stump(feature: str, *, above: float, gain: float) -> RankTrees:
    """One tree that adds `gain` where a feature is above a threshold."""
    text = STUMP.format(
        last=len(FEATURES) - 1, names=" ".join(FEATURES), split=FEATURES.index(feature), threshold=above, gain=gain
    )
    return RankTrees.from_text(text.encode())
