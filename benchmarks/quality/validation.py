"""Validation: a data set made from the training part, and evaluated in the same way.

Settings and epochs are chosen on it; the test split is looked at once, afterwards.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.data import QualityData, Questions, lined_up, lined_up_again
from benchmarks.quality.global_time import global_time_columns
from shared.neucf.examples import Examples

SHARE = 0.2  # of each user's likes that are held back where all posts are ranked
FEWEST_TO_CUT = 20  # likes: fewer have no last tenth
SEED = 0  # of what is held back and of the drawn negatives; the same for every system


def validation_of(data: QualityData) -> QualityData | None:
    """A data set that asks for `val`, else for held-back likes: the last ones, or by chance where there are no times.

    With one time for all, the training part is cut again by the same rule.
    None if nothing can be held back.
    """
    generator = np.random.default_rng(SEED)
    if data.moments:
        return _cut_again(data) if len(data.train) >= FEWEST_TO_CUT else None
    if data.val is not None:
        train, asked = data.earlier, data.val
    else:
        held = held_back(data, generator)
        train, asked = data.train.where(~held), data.train.where(held)
    if len(asked) == 0 or len(train) == 0:
        return None
    inner = lined_up_again(data, train=train, asked=asked)
    if data.questions is None:
        return inner
    return replace(inner, questions=_drawn(inner, data.questions.negatives.shape[1], generator))


def _cut_again(data: QualityData) -> QualityData:
    return lined_up(
        global_time_columns(
            f"{data.name}, validation",
            np.stack([data.train.user_id_hashes, data.train.post_id_hashes], axis=1),
            data.train.at,
            post_id_hashes=data.posts.id_hashes,
            features=data.features,
            slots=data.slots,
        )
    )


def held_back(data: QualityData, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which likes validation asks for: one of each user where the test asks for one against others, else a share.

    Someone with a single like keeps it. -> (n_train,)
    """
    examples: Examples = data.train
    chance = generator.random(len(examples))
    order = np.lexsort((chance, -examples.at, examples.user_id_hashes))  # the latest first
    _, starts, counts = np.unique(examples.user_id_hashes[order], return_index=True, return_counts=True)
    share = np.maximum(1, (counts * SHARE).astype(np.int64)) if data.questions is None else np.ones_like(counts)
    n_held = np.where(counts >= 2, share, 0)
    held = np.zeros(len(examples), dtype=np.bool_)
    held[order] = np.arange(len(examples)) - np.repeat(starts, counts) < np.repeat(n_held, counts)
    return held


def _drawn(inner: QualityData, n_negatives: int, generator: np.random.Generator) -> Questions:
    """Questions with posts drawn evenly; a draw that the user has touched is drawn again, a few times."""
    users, posts = inner.test_likes.users, inner.test_likes.posts
    negatives = generator.integers(0, inner.test_likes.n_posts, (len(users), n_negatives))
    row = np.repeat(users, n_negatives)
    known = inner.train_likes.users * inner.train_likes.n_posts + inner.train_likes.posts
    for _ in range(20):
        touched = np.flatnonzero(np.isin(row * inner.train_likes.n_posts + negatives.ravel(), known))
        if len(touched) == 0:
            break
        negatives.ravel()[touched] = generator.integers(0, inner.test_likes.n_posts, len(touched))
    return Questions(users=users, posts=posts, negatives=negatives)
