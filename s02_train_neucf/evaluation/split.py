"""Cutting by time, without leaks: what training sees happened before what the test asks for.

A pair of user and post is never on both sides. A pair that began before the cut and turned positive after it is on
neither: training may not know the like, and the test may not ask for what was seen before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.event_columns import Events
from shared.neucf.examples import Examples, SortedPosts, examples_of
from shared.neucf.vocab import IdHashes, Vocab

EVENTS_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Two sides of a cut. `train_events` can be cut once more, for validation."""

    train_events: Events
    train: Examples
    test: Examples


def global_cut(events: Events, posts: SortedPosts, *, at: float) -> Split:
    """Cut everybody at `at` (seconds since 1970): train on what happened before, ask for what began later."""
    train_events = events.before(at)
    everything = examples_of(events, posts)
    return Split(
        train_events=train_events, train=examples_of(train_events, posts), test=everything.where(everything.at >= at)
    )


def per_user_cut(events: Events, posts: SortedPosts, *, share: float) -> Split:
    """Cut each user's own history: ask for the last `share` of their examples, train on what they did before.

    Someone with one example stays in training; with two or more, at least one is asked for. Examples of one second
    have no order in time; the cut then goes by post key, and no pair is on both sides all the same.
    """
    everything = examples_of(events, posts)
    asked = _last_of_each_user(everything, share)
    test = everything.where(asked)
    users = Vocab.of(test.user_id_hashes)
    cuts = np.full(users.n_rows, np.inf)  # (n_user_rows,) first time that is asked for; row 0: users not asked
    np.minimum.at(cuts, users.model_rows(test.user_id_hashes), test.at)
    kept = (events.at <= cuts[users.model_rows(events.user_id_hashes)]) & ~_pairs_in(events, test)
    train_events = events.where(kept)
    return Split(train_events=train_events, train=examples_of(train_events, posts), test=test)


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
    ) -> NDArray[np.int64]:  # one number per pair; below n_rows when unknown
        return users.model_rows(user_key) * posts.n_rows + posts.model_rows(post_key)

    asked = np.sort(code(examples.user_id_hashes, examples.post_id_hashes))
    found = np.zeros(len(events.at), dtype=np.bool_)
    for start in range(0, len(found) if len(asked) else 0, EVENTS_AT_ONCE):  # `isin` would sort copies of all events
        part = slice(start, start + EVENTS_AT_ONCE)
        codes = code(events.user_id_hashes[part], events.post_id_hashes[part])
        found[part] = asked[np.minimum(np.searchsorted(asked, codes), len(asked) - 1)] == codes
    return found
