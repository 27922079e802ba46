"""Splits by time without leaks: everything in training happened before the test examples.

A pair of user and post is never on both sides. A pair that began before the cut and became positive after it is on
neither: training must not know the like, and the test must not ask for a post that was seen before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.event_columns import Events
from shared.neucf.examples import Examples, SortedPosts, examples_of
from shared.neucf.vocab import IdHashes, Vocab

EVENTS_AT_ONCE = 2**20
VALIDATION_SHARE = 0.2  # of each user's likes, at most; the last ones
VALIDATION_LIKES = 50_000  # in total, about: more are not more exact, and held-back likes are missing from the training


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Both sides of a cut. `train_events` can be split again, for validation."""

    train_events: Events
    train: Examples
    test: Examples


def global_cut(events: Events, posts: SortedPosts, *, at: float) -> Split:
    """Split all users at `at` (seconds since 1970): train on earlier events, test on pairs that began later."""
    train_events = events.before(at)
    everything = examples_of(events, posts)
    return Split(
        train_events=train_events, train=examples_of(train_events, posts), test=everything.where(everything.at >= at)
    )


def per_user_cut(events: Events, posts: SortedPosts, *, share: float) -> Split:
    """Split each user's own history: test on the last `share` of their examples, train on earlier events.

    A single example stays in training; of two or more, at least one is tested. Examples at equal times are ordered by
    post id hash; even then no pair is on both sides.
    """
    return _split_users(events, posts, examples_of(events, posts), share)


def validation_cut(events: Events, posts: SortedPosts) -> Split | None:
    """Hold back each user's last likes of what training may see; None if nobody has two.

    Epochs and learning rate, and the settings of the baselines, are chosen on the same ones.
    """
    everything = examples_of(events, posts)
    split = _split_users(events, posts, everything, validation_share(len(everything)))
    return split if len(split.train) and len(split.test) else None


def _split_users(events: Events, posts: SortedPosts, everything: Examples, share: float) -> Split:
    """By the examples of these events."""
    asked = _last_of_each_user(everything, share)
    test = everything.where(asked)
    users = Vocab.of(test.user_id_hashes)
    cuts = np.full(users.n_rows, np.inf)  # (n_user_rows,) time of the first test example; row 0: users without one
    np.minimum.at(cuts, users.model_rows(test.user_id_hashes), test.at)
    kept = (events.at <= cuts[users.model_rows(events.user_id_hashes)]) & ~_pairs_in(events, test)
    train_events = events.where(kept)
    return Split(train_events=train_events, train=examples_of(train_events, posts), test=test)


def validation_share(n_likes: int) -> float:
    """The share of each user's likes that validation holds back; of several likes it is at least one."""
    return min(VALIDATION_SHARE, VALIDATION_LIKES / max(n_likes, 1))


def _last_of_each_user(examples: Examples, share: float) -> NDArray[np.bool_]:
    order = np.lexsort((examples.post_id_hashes, examples.at, examples.user_id_hashes))
    _, starts, counts = np.unique(examples.user_id_hashes[order], return_index=True, return_counts=True)
    n_asked = np.where(counts >= 2, np.maximum(1, (counts * share).astype(np.int64)), 0)
    rank = np.arange(len(examples)) - np.repeat(starts, counts)  # 0 = the user's first example
    asked = np.zeros(len(examples), dtype=np.bool_)
    asked[order] = rank >= np.repeat(counts - n_asked, counts)
    return asked


def _pairs_in(events: Events, examples: Examples) -> NDArray[np.bool_]:
    users, posts = Vocab.of(examples.user_id_hashes), Vocab.of(examples.post_id_hashes)

    def code(
        user_key: IdHashes, post_key: IdHashes
    ) -> NDArray[np.int64]:  # one number per pair; below n_rows if unknown
        return users.model_rows(user_key) * posts.n_rows + posts.model_rows(post_key)

    asked = np.sort(code(examples.user_id_hashes, examples.post_id_hashes))
    found = np.zeros(len(events.at), dtype=np.bool_)
    for start in range(0, len(found) if len(asked) else 0, EVENTS_AT_ONCE):  # `isin` would sort copies of all events
        part = slice(start, start + EVENTS_AT_ONCE)
        codes = code(events.user_id_hashes[part], events.post_id_hashes[part])
        found[part] = asked[np.minimum(np.searchsorted(asked, codes), len(asked) - 1)] == codes
    return found
