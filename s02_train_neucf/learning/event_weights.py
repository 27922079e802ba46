"""Weights of single events in training: by kind and age of likes, and for hidden and ignored posts. Pure.

A positive is weighted by its strongest kind and its age. A negative counts as several posts that were not liked: it is
added that many times to the sum in the softmax.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.dataset import EventWeights, LikeMatrix, TrainingSet
from s02_train_neucf.learning.recipe import Recipe
from shared.domain import KIND_CODES
from shared.event_columns import Events
from shared.neucf.examples import HIDE_CODE, POSITIVE_CODES, SortedPosts

DAY = 86_400.0  # seconds; a view without a reaction for so long counts as ignored

Int64s = NDArray[np.int64]
Floats = NDArray[np.float32]


def with_event_weights(data: TrainingSet, events: Events, posts: SortedPosts, recipe: Recipe) -> TrainingSet:
    """The training set with the recipe's weights for the events that it was made from."""
    weighs_likes = recipe.half_life_days is not None or set(recipe.kind_weights.values()) - {1.0}
    weighs_negatives = {recipe.hide_weight, recipe.ignored_weight} - {1.0}
    if not weighs_likes and not weighs_negatives:
        return data
    likes = _like_weights(data, _Pairs.of(data, events), recipe) if weighs_likes else None
    disliked, weight = _disliked(data, events, posts, recipe) if weighs_negatives else (None, np.zeros(0, np.float32))
    return replace(data, event_weights=EventWeights(likes=likes, disliked=disliked, disliked_weights=weight))


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Events between users and posts with a model row, by user, then post; a code identifies each pair."""

    code: Int64s  # (n_events,) ascending: user row × post rows + post row
    kind: NDArray[np.int16]
    at: NDArray[np.float64]
    n_posts: int  # rows
    end: float  # the last event of all

    @classmethod
    def of(cls, data: TrainingSet, events: Events) -> "_Pairs":
        user, post = data.users.model_rows(events.user_id_hashes), data.posts.model_rows(events.post_id_hashes)
        known = np.flatnonzero((user > 0) & (post > 0))
        code = user[known] * data.posts.n_rows + post[known]
        order = np.argsort(code, kind="stable")
        known = known[order]
        end = float(events.at.max(initial=-np.inf))
        return cls(code[order], events.kinds[known], events.at[known], data.posts.n_rows, end)

    def starts(self) -> Int64s:
        """Index of the first event of each pair."""
        return np.flatnonzero(np.r_[True, self.code[1:] != self.code[:-1]]) if len(self.code) else self.code


def _like_weights(data: TrainingSet, pairs: _Pairs, recipe: Recipe) -> Floats:
    """-> (n_likes,)"""
    by_kind = np.zeros(len(KIND_CODES), dtype=np.float32)
    for kind, code in KIND_CODES.items():
        if code in POSITIVE_CODES:
            by_kind[code] = recipe.kind_weights.get(kind.value, 1.0)
    starts = pairs.starts()
    strongest = np.maximum.reduceat(by_kind[pairs.kind], starts)  # (n_pairs,)
    liked = data.likes.users * pairs.n_posts + data.likes.posts
    weights = strongest[np.searchsorted(pairs.code[starts], liked)]
    if recipe.half_life_days is not None:
        age_days = (pairs.end - data.liked_at) / DAY
        weights = weights * 0.5 ** (age_days / recipe.half_life_days)
    return np.asarray(weights, dtype=np.float32)


def _disliked(data: TrainingSet, events: Events, posts: SortedPosts, recipe: Recipe) -> tuple[LikeMatrix, Floats]:
    """Hidden posts, and posts seen at least a day ago without a reaction; never a user's own post.

    Only views and hides are read; pairs with a like are found in the training set.
    """
    end = float(events.at.max(initial=-np.inf))
    pairs = _Pairs.of(data, events.where(~np.isin(events.kinds, POSITIVE_CODES)))
    starts = pairs.starts()
    code = pairs.code[starts]
    if len(code):
        hidden = np.logical_or.reduceat(pairs.kind == HIDE_CODE, starts)
        last = np.maximum.reduceat(pairs.at, starts)
        user, post = np.divmod(code, pairs.n_posts)
        own = posts.author_id_hashes[posts.indices(data.posts.id_hashes)][post - 1] == data.users.id_hashes[user - 1]
        ignored = ~hidden & ~_liked(data, code) & (last <= end - DAY)
        weight = np.where(hidden, recipe.hide_weight, np.where(ignored, recipe.ignored_weight, 1.0))
        counted = (weight != 1.0) & ~own
        code, weight = code[counted], weight[counted]
    else:
        weight = np.zeros(0)
    user, post = np.divmod(code, pairs.n_posts)
    disliked = LikeMatrix.of(user, post, n_users=data.users.n_rows, n_posts=pairs.n_posts)
    return disliked, weight.astype(np.float32)


def _liked(data: TrainingSet, code: Int64s) -> NDArray[np.bool_]:
    """Whether each pair is one of the training's likes. (n_pairs,) -> (n_pairs,)"""
    liked = data.likes.users * data.posts.n_rows + data.likes.posts  # ascending
    indices = np.minimum(np.searchsorted(liked, code), len(liked) - 1)
    found: NDArray[np.bool_] = liked[indices] == code
    return found
