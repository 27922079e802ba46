"""Loads what one training reads, as of one moment, and cuts out what an earlier training would have read."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.db.bulk import BlockPairs, load_block_pairs, load_events, load_post_lives
from shared.db.engine import Database
from shared.db.relations import check_relations
from shared.encoding import Encoders
from shared.features import features_of, load_columns
from shared.neucf.examples import Events, Posts, Seconds
from shared.neucf.features import PostFeatures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """Events, posts (deleted ones too), the posts' vectors in their order, and blocks."""

    events: Events  # in order of time as they are loaded, so that what was before a moment is a view
    posts: Posts
    features: PostFeatures
    deleted_at: Seconds  # (n_posts,) infinity while anyone may see the post
    blocks: BlockPairs

    def standing(self) -> Self:
        """Without the posts that are deleted by now: what a model that goes live learns from."""
        return self._with(self.events, np.isposinf(self.deleted_at))

    def before(self, at: float) -> Self:
        """What a training at a moment (seconds since 1970) would have read: nothing from then on is in it."""
        stood = (self.posts.created_at <= at) & (self.deleted_at > at)
        return self._with(self.events.before(at), stood)

    def _with(self, events: Events, kept: NDArray[np.bool_]) -> Self:
        if kept.all():
            return replace(self, events=events)  # spares a copy of all vectors
        posts = Posts(
            post_key=self.posts.post_key[kept],
            author_key=self.posts.author_key[kept],
            created_at=self.posts.created_at[kept],
        )
        features, deleted_at = self.features.take(np.flatnonzero(kept)), self.deleted_at[kept]
        return replace(self, events=events, posts=posts, features=features, deleted_at=deleted_at)


def load_training_data(database: Database, encoders: Encoders, *, days: float, now: datetime) -> TrainingData:
    """Read all posts, the events of the last so many days, all blocks, and all vectors of the encoders in force.

    Raises:
        SourceError: a relation is not what the contract says.
    """
    with database.read() as snapshot:
        check_relations(database, snapshot)
        found = load_post_lives(snapshot, now=now)
        events = load_events(snapshot, since=now - timedelta(days=days), now=now)
        blocks = load_block_pairs(snapshot)
        columns = load_columns(snapshot, encoders)
    order, by_time = np.argsort(found.keys), np.argsort(events.at, kind="stable")
    posts = Posts(post_key=found.keys[order], author_key=found.author_keys[order], created_at=found.created_at[order])
    return TrainingData(
        events=Events(
            user_key=events.user_keys[by_time],
            post_key=events.post_keys[by_time],
            kind=events.kinds[by_time],
            at=events.at[by_time],
        ),
        posts=posts,
        features=features_of(columns, posts.post_key),
        deleted_at=found.deleted_at[order],
        blocks=blocks,
    )
