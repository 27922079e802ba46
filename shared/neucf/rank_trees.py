"""Trees that were learned by LightGBM, in its own text format: read strictly, evaluated without it.

A text from a file is data: it is parsed here, line by line, and never handed to LightGBM's own parser, which trusts
what it reads. So serving needs neither that package nor its OpenMP.

Only what the training writes is read: one tree a round, numeric splits (`feature <= threshold` goes left), no missing
values, no linear leaves.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from shared.errors import ArtefactError

MAX_BYTES = 4_000_000  # of a text; a tree of 7 leaves has about 900
MAX_TREES = 1_000
MAX_LEAF = 1e3  # of either sign, so that sums of all trees are finite; a logit is seldom above 20
MAX_LEAVES = 64
LAST_LINE = "end of trees"
_HEADER = {"version": "v4", "num_class": "1", "num_tree_per_iteration": "1", "label_index": "0"}
_NUMERIC = {0, 2}  # kinds of decisions: no categories, no missing values; 2: and those that are go left

Columns = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankTrees:
    """Trees over named features. Nodes and leaves of all trees lie one after another."""

    text: bytes  # as LightGBM wrote it, up to the last tree
    features: tuple[str, ...]
    roots: NDArray[np.int64]  # (n_trees,) each a node, or ~ a leaf, like all children
    split_features: NDArray[np.int64]  # (n_nodes,)
    thresholds: NDArray[np.float64]  # (n_nodes,)
    lefts: NDArray[np.int64]  # (n_nodes,)
    rights: NDArray[np.int64]  # (n_nodes,)
    leaves: NDArray[np.float64]  # (n_leaves,)

    @property
    def n_trees(self) -> int:
        """How many trees there are."""
        return len(self.roots)

    @classmethod
    def from_text(cls, text: bytes) -> "RankTrees":
        """Parse a model's text; what follows the last tree is dropped.

        Raises:
            ArtefactError: it is no such text, too large, or has something that is not read.
        """
        if len(text) > MAX_BYTES:
            raise _refused(f"{len(text):,} bytes", f"at most {MAX_BYTES:,}")
        try:
            whole = text.decode("ascii")
        except UnicodeDecodeError as error:
            raise _refused("characters beyond ASCII", "a model's text") from error
        body, found, _ = whole.partition(f"\n{LAST_LINE}\n")
        if not found:
            raise _refused("no last line", LAST_LINE)
        header, *trees = _blocks(body)
        features = _features(header)
        if len(trees) > MAX_TREES:
            raise _refused(f"{len(trees)} trees", f"at most {MAX_TREES}")
        return _joined(f"{body}\n{LAST_LINE}\n".encode(), features, [_tree(tree, len(features)) for tree in trees])

    def scores(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sum of all trees. (n_rows, n_features) -> (n_rows,)"""
        total = np.zeros(len(values), np.float64)
        _add_trees()(
            np.ascontiguousarray(values), self.roots, self.split_features, self.thresholds, self.lefts, self.rights,
            self.leaves, total,
        )  # fmt: skip
        return total.astype(np.float32)


@lru_cache(maxsize=1)
def _add_trees() -> Callable[..., None]:
    """Compiled at the first call."""
    compiled: Callable[..., None] = njit(nogil=True)(add_trees)
    return compiled


def add_trees(
    values: Any, roots: Any, split_features: Any, thresholds: Any, lefts: Any, rights: Any, leaves: Any, total: Any
) -> None:
    """Add each tree's leaf of each row to `total`, (n_rows,)."""
    for row in range(len(values)):
        for root in roots:
            node = root
            while node >= 0:
                is_left = values[row, split_features[node]] <= thresholds[node]
                node = lefts[node] if is_left else rights[node]
            total[row] += leaves[~node]


def _blocks(body: str) -> Iterator[Mapping[str, str]]:
    """The header, then each tree, as its lines' names and values."""
    for number, block in enumerate(body.split("\nTree=")):
        lines = [line for line in block.split("\n") if line]
        if not lines or lines[0] != ("tree" if number == 0 else str(number - 1)):
            raise _refused(f"a block {number} that begins with {lines[:1]!r:.50}", "the header, then tree after tree")
        yield dict(line.partition("=")[::2] for line in lines[1:])


def _features(header: Mapping[str, str]) -> tuple[str, ...]:
    for name, expected in _HEADER.items():
        if header.get(name) != expected:
            raise _refused(f"{name} {header.get(name)!r:.50}", expected)
    features = tuple(header.get("feature_names", "").split(" "))
    if header.get("max_feature_idx") != str(len(features) - 1) or len(set(features)) < len(features):
        raise _refused("names of features that do not fit their number", "distinct names")
    return features


def _tree(tree: Mapping[str, str], n_features: int) -> tuple[Columns, NDArray[np.float64]]:
    """The nodes and leaves of a tree, with children that count from its own first ones."""
    n_leaves = _whole(tree, "num_leaves", n=1)[0]
    if not 1 <= n_leaves <= MAX_LEAVES or tree.get("num_cat") != "0" or tree.get("is_linear") != "0":
        raise _refused(f"a tree of {n_leaves} leaves, or with categories", f"from 1 to {MAX_LEAVES}, and none")
    n = n_leaves - 1
    splits, kinds = _whole(tree, "split_feature", n=n), _whole(tree, "decision_type", n=n)
    lefts, rights = _whole(tree, "left_child", n=n), _whole(tree, "right_child", n=n)
    if not set(kinds.tolist()) <= _NUMERIC or not ((splits >= 0) & (splits < n_features)).all():
        raise _refused("a split by something else", f"numeric ones by {n_features} features")
    children, nodes = np.r_[lefts, rights], np.tile(np.arange(n), 2)
    inner = children[children >= 0]
    # Each node but the root, and each leaf, has one parent, which comes before it: so every walk ends.
    once = np.array_equal(np.sort(inner), np.arange(1, n)) and (inner > nodes[children >= 0]).all()
    if not once or (n and not np.array_equal(np.sort(~children[children < 0]), np.arange(n_leaves))):
        raise _refused("children that form no tree", "each node and leaf once")
    leaves = _numbers(tree, "leaf_value", n=n_leaves)
    if (np.abs(leaves) > MAX_LEAF).any():
        raise _refused("a leaf beyond all scores", f"values up to {MAX_LEAF:g}")
    return (splits, _numbers(tree, "threshold", n=n), lefts, rights), leaves


def _joined(text: bytes, features: tuple[str, ...], trees: list[tuple[Columns, NDArray[np.float64]]]) -> RankTrees:
    roots, parts, leaves = list[int](), list[Columns](), list[NDArray[np.float64]]()
    n_nodes = n_leaves = 0
    for (splits, thresholds, lefts, rights), values in trees:
        moved = [np.where(child >= 0, child + n_nodes, child - n_leaves) for child in (lefts, rights)]
        roots.append(n_nodes if len(splits) else ~n_leaves)
        parts.append((splits, thresholds, moved[0], moved[1]))
        leaves.append(values)
        n_nodes, n_leaves = n_nodes + len(splits), n_leaves + len(values)
    nothing, none = np.zeros(0, np.int64), np.zeros(0, np.float64)
    return RankTrees(
        text=text,
        features=features,
        roots=np.array(roots, np.int64),
        split_features=np.concatenate([nothing, *(part[0] for part in parts)]),
        thresholds=np.concatenate([none, *(part[1] for part in parts)]),
        lefts=np.concatenate([nothing, *(part[2] for part in parts)]),
        rights=np.concatenate([nothing, *(part[3] for part in parts)]),
        leaves=np.concatenate([none, *leaves]),
    )


def _whole(tree: Mapping[str, str], name: str, *, n: int) -> NDArray[np.int64]:
    numbers = _numbers(tree, name, n=n)
    if (numbers != np.round(numbers)).any() or (np.abs(numbers) > MAX_BYTES).any():
        raise _refused(f"{name} {tree[name]!r:.50}", "whole numbers")
    return numbers.astype(np.int64)


def _numbers(tree: Mapping[str, str], name: str, *, n: int) -> NDArray[np.float64]:
    words = tree.get(name, "").split()
    if len(words) != n:
        raise _refused(f"{len(words)} numbers of {name}", str(n))
    try:
        numbers = np.array([float(word) for word in words], np.float64)
    except ValueError as error:
        raise _refused(f"{name} {tree[name]!r:.50}", "numbers") from error
    if not np.isfinite(numbers).all():
        raise _refused(f"{name} with NaN or infinity", "finite numbers")
    return numbers


def _refused(got: str, expected: str) -> ArtefactError:
    return ArtefactError(f"trees: got {got}, expected {expected}; retrain")
