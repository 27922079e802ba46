"""Trees in LightGBM's text format: evaluated as LightGBM does, and refused where they are anything else."""

import re

import numpy as np
import pytest

from shared.errors import ArtefactError
from shared.neucf.rank_trees import MAX_BYTES, RankTrees

# As LightGBM 4.7 writes it: two trees over two features, and one of a single leaf.
TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=lambdarank
feature_names=a b
feature_infos=[-3.7:3.2] [-3.8:2.9]
tree_sizes=565 465 225

Tree=0
num_leaves=4
num_cat=0
split_feature=0 1 1
split_gain=148.8 42.8 15.2
threshold=0.5 -0.25 0.75
decision_type=2 2 2
left_child=2 -2 -1
right_child=1 -3 -4
leaf_value=-1 2 3 -4
leaf_weight=5 1 11 7
leaf_count=1054 293 375 278
internal_value=0 0.1 -0.1
internal_weight=25 12 12
internal_count=2000 668 1332
is_linear=0
shrinkage=0.05


Tree=1
num_leaves=2
num_cat=0
split_feature=1
split_gain=1
threshold=0
decision_type=2
left_child=-1
right_child=-2
leaf_value=10 20
leaf_weight=1 1
leaf_count=1 1
internal_value=0
internal_weight=2
internal_count=2
is_linear=0
shrinkage=0.05


Tree=2
num_leaves=1
num_cat=0
split_feature=
split_gain=
threshold=
decision_type=
left_child=
right_child=
leaf_value=100
leaf_weight=
leaf_count=2000
internal_value=
internal_weight=
internal_count=
is_linear=0
shrinkage=1


end of trees

feature_importances:
b=3
a=1

parameters:
[boosting: gbdt]
end of parameters
"""


def test_each_row_gets_the_sum_of_its_leaves() -> None:
    trees = RankTrees.from_text(TEXT.encode())
    values = np.array([[0.5, 0.75], [0.5, 0.8], [0.6, -0.25], [0.6, 0.0], [0.6, 0.1]], np.float32)
    assert trees.scores(values).tolist() == [-1 + 20 + 100, -4 + 20 + 100, 2 + 10 + 100, 3 + 10 + 100, 3 + 20 + 100]
    assert (trees.features, trees.n_trees) == (("a", "b"), 3)


def test_its_text_is_kept_up_to_the_last_tree_and_comes_back() -> None:
    trees = RankTrees.from_text(TEXT.encode())
    assert trees.text.endswith(b"\nend of trees\n")
    again = RankTrees.from_text(trees.text)
    assert again.text == trees.text
    np.testing.assert_array_equal(again.leaves, trees.leaves)


def test_no_rows_are_no_scores() -> None:
    assert RankTrees.from_text(TEXT.encode()).scores(np.zeros((0, 2), np.float32)).shape == (0,)


def changed(pattern: str, by: str) -> bytes:
    text, n = re.subn(pattern, by, TEXT, count=1, flags=re.MULTILINE)
    assert n == 1
    return text.encode()


HOSTILE = {
    "nothing": b"",
    "binary": b"\x80\x04pickle" * 9,
    "too much": TEXT.encode() + b" " * MAX_BYTES,
    "no last tree": TEXT.partition("end of trees")[0].encode(),
    "another version": changed("version=v4", "version=v5"),
    "two classes": changed("num_class=1", "num_class=2"),
    "two names alike": changed("feature_names=a b", "feature_names=a a"),
    "a feature less": changed("feature_names=a b", "feature_names=a"),
    "a tree left out": changed("Tree=1", "Tree=2"),
    "a feature that is none": changed("split_feature=0 1 1", "split_feature=0 1 2"),
    "a feature below 0": changed("split_feature=0 1 1", "split_feature=0 1 -1"),
    "a category": changed("decision_type=2 2 2", "decision_type=2 1 2"),
    "missing values": changed("decision_type=2 2 2", "decision_type=2 10 2"),
    "a walk in a circle": changed("left_child=2 -2 -1", "left_child=0 -2 -1"),
    "a walk back": changed("right_child=1 -3 -4", "right_child=1 0 -4"),
    "a child beyond the last": changed("left_child=2 -2 -1", "left_child=9 -2 -1"),
    "a leaf twice": changed("left_child=2 -2 -1", "left_child=2 -2 -4"),
    "a leaf beyond the last": changed("left_child=2 -2 -1", "left_child=2 -2 -9"),
    "a threshold too few": changed("threshold=0.5 -0.25 0.75", "threshold=0.5 -0.25"),
    "a threshold that is none": changed("threshold=0.5 -0.25 0.75", "threshold=0.5 x 0.75"),
    "an infinite threshold": changed("threshold=0.5 -0.25 0.75", "threshold=0.5 inf 0.75"),
    "a leaf that is no number": changed("leaf_value=-1 2 3 -4", "leaf_value=-1 nan 3 -4"),
    "a million leaves": changed("num_leaves=4", "num_leaves=1000000"),
    "no leaves": changed("num_leaves=4", "num_leaves=0"),
    "half a leaf": changed("num_leaves=4", "num_leaves=3.5"),
    "a huge number of leaves": changed("num_leaves=4", "num_leaves=1e300"),
    "a linear tree": changed("is_linear=0", "is_linear=1"),
    "categories": changed("num_cat=0", "num_cat=1"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_anything_else_is_refused(case: str) -> None:
    with pytest.raises(ArtefactError, match="trees: got"):
        RankTrees.from_text(HOSTILE[case])
