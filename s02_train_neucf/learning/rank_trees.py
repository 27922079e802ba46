"""OWNS LIGHTGBM: learns a final ranker, LambdaMART (Burges 2010), as a correction of what is served without it.

How many trees there are is found on people who were held back, and may be none. All else is fixed: few leaves, a low
rate, many examples in a leaf, because a replay has some hundreds of lists to learn from.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.evaluation.metrics import ndcg
from shared.event_columns import Int64s
from shared.neucf.rank_trees import RankTrees
from shared.neucf.sources.features import FEATURES

if TYPE_CHECKING:
    import lightgbm

ROUNDS = (0, 10, 20, 40)  # numbers of trees that are tried
FOLDS = 3  # of people; each is held back once
MIN_LISTS = 60  # with a like, of at least FOLDS people
MAX_LISTS = 2_000  # that are learned from, spread evenly over the given ones
K = 10  # as in the gate's metric
PARAMETERS = {
    "objective": "lambdarank",
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "lambdarank_truncation_level": 20,
    "use_missing": False,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListsToLearnFrom:
    """Lists of people, each with the scores by which it is ordered without trees."""

    user_id_hashes: Int64s  # (n_lists,)
    values: NDArray[np.float32]  # (n_lists, n, n_features)
    served: NDArray[np.float32]  # (n_lists, n) -inf where there is no post
    is_liked: NDArray[np.bool_]  # (n_lists, n)
    n_relevant: Int64s  # (n_lists,) liked posts, listed or not

    def __len__(self) -> int:
        return len(self.user_id_hashes)

    def where(self, kept: NDArray[np.bool_] | Int64s) -> Self:
        """Some of the lists."""
        return type(self)(
            user_id_hashes=self.user_id_hashes[kept],
            values=self.values[kept],
            served=self.served[kept],
            is_liked=self.is_liked[kept],
            n_relevant=self.n_relevant[kept],
        )


def learn_trees(lists: ListsToLearnFrom) -> RankTrees | None:
    """Trees over `FEATURES`; None where there is too little to learn from, or none are better than some."""
    lists = lists.where(np.flatnonzero(lists.is_liked.any(axis=1)))
    if len(lists) > MAX_LISTS:
        lists = lists.where(np.arange(MAX_LISTS) * len(lists) // MAX_LISTS)
    people = np.unique(lists.user_id_hashes, return_inverse=True)[1]
    if len(lists) < MIN_LISTS or people.max() + 1 < FOLDS:
        return None
    rounds = _best_rounds(lists, people % FOLDS)
    return _trees(_fitted(lists, rounds)) if rounds else None


def _best_rounds(lists: ListsToLearnFrom, fold: Int64s) -> int:
    """The number of trees by which lists of people who were held back are best; of equal ones the smallest."""
    totals = np.zeros(len(ROUNDS))
    for held in range(FOLDS):
        booster, apart = _fitted(lists.where(fold != held), max(ROUNDS)), lists.where(fold == held)
        totals += [_total(apart, booster, rounds) for rounds in ROUNDS]
    return ROUNDS[int(np.argmax(totals))]


def _total(lists: ListsToLearnFrom, booster: "lightgbm.Booster", rounds: int) -> float:
    """The sum of the lists' NDCG@10 with the first trees."""
    scores = lists.served
    if rounds:
        flat = lists.values.reshape(-1, lists.values.shape[-1])
        scores = scores + np.asarray(booster.predict(flat, num_iteration=rounds, num_threads=1)).reshape(scores.shape)
    first = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    return float(ndcg(np.take_along_axis(lists.is_liked, first, axis=1), lists.n_relevant, K).sum())


def _fitted(lists: ListsToLearnFrom, rounds: int) -> "lightgbm.Booster":
    import lightgbm

    is_post = np.isfinite(lists.served)
    data = lightgbm.Dataset(
        lists.values[is_post],
        label=lists.is_liked[is_post].astype(np.int32),
        group=is_post.sum(axis=1),
        init_score=lists.served[is_post].astype(np.float64),
        feature_name=list(FEATURES),
        free_raw_data=True,
    )
    parameters: dict[str, Any] = dict(PARAMETERS)
    return lightgbm.train(parameters, data, num_boost_round=rounds)


def _trees(booster: "lightgbm.Booster") -> RankTrees:
    return RankTrees.from_text(booster.model_to_string().encode())
