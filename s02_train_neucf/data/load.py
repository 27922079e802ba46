"""Loads the data of one training, and selects from it what an earlier training would have read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.like_sources import LikeSources
from shared.content.encode_posts import Encoders
from shared.content.post_features import features_of, load_columns
from shared.db.bulk import BlockPairs, load_block_pairs, load_post_lives
from shared.db.bulk_clusters import NO_CLUSTERS, PhotoClusters, load_photo_clusters
from shared.db.bulk_events import EVERYTHING, KeptSince, load_events
from shared.db.bulk_served import (
    NO_ROLLOUT,
    NO_SERVED_LIKES,
    RolloutHistory,
    ServedLikes,
    load_rollout_history,
    load_served_likes,
)
from shared.db.engine import Database
from shared.db.relations import check_relations
from shared.event_columns import Events, Floats
from shared.neucf.examples import Examples, SortedPosts
from shared.neucf.features import PostFeatures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """Events, posts (deleted ones too), the posts' vectors in their order, blocks, clusters of photos, and what served
    people when they liked something."""

    events: Events  # in order of time, so the events before a time are a view; a repeated one is in it twice
    posts: SortedPosts
    features: PostFeatures
    deleted_at: Floats  # (n_posts,) infinity while the post is not deleted
    blocks: BlockPairs
    photo_clusters: PhotoClusters = NO_CLUSTERS
    served_likes: ServedLikes = NO_SERVED_LIKES  # of the likes that the replay may ask for
    rollout: RolloutHistory = NO_ROLLOUT

    def without_deleted(self) -> Self:
        """Without the posts that are deleted by now: the data of a model that may go live."""
        return self._with(self.events, np.isposinf(self.deleted_at))

    def standing(self, at: float) -> NDArray[np.bool_]:
        """Whether each post was there at a time (seconds since 1970): created by then, not deleted yet. (n_posts,)"""
        return np.asarray((self.posts.created_at <= at) & (self.deleted_at > at), dtype=np.bool_)

    def before(self, at: float) -> Self:
        """What a training at this time would have read: nothing later is in it."""
        return self._with(self.events.before(at), self.standing(at))

    def not_deleted_by(self, at: float) -> Self:
        """Without the posts that were deleted by this time; those that came or were deleted later are in it."""
        return self._with(self.events, self.deleted_at > at)

    def sources_of(self, likes: Examples) -> LikeSources:
        """What served people when they liked these posts: columns in the order of `likes`.

        Pages are known of likes since the time that the load was asked for.
        """
        return LikeSources.of(likes, self.served_likes, self.rollout)

    def _with(self, events: Events, kept: NDArray[np.bool_]) -> Self:
        if kept.all():
            return replace(self, events=events)  # avoids a copy of all vectors
        features, deleted_at = self.features.take(np.flatnonzero(kept)), self.deleted_at[kept]
        return replace(self, events=events, posts=self.posts.where(kept), features=features, deleted_at=deleted_at)


def of_all(events: Events) -> float:
    """The time of the first event: what is known of all likes is read."""
    return float(events.at[0]) if len(events) else np.inf


def load_training_data(
    database: Database,
    encoders: Encoders,
    *,
    days: float,
    now: datetime,
    kept_since: KeptSince = EVERYTHING,
    asked_since: Callable[[Events], float] = of_all,
) -> TrainingData:
    """Read all posts, the events of the last `days`, all blocks, all clusters of photos, and all vectors of the current
    encoders.

    A repeated event is there twice, at its first and at its last time.

    Args:
        database: of the relations.
        encoders: whose vectors are read.
        days: how far back events are read.
        now: time of the run.
        kept_since: of some kinds, only events since these times are read.
        asked_since: from all events, in order of time, to the time from which on likes are asked for: only of
            these is it read what served people when they liked something.

    Raises:
        SourceError: a relation is not what the contract says.
    """
    with database.read() as snapshot:
        check_relations(database, snapshot)
        lives = load_post_lives(snapshot, now=now)
        events = load_events(
            snapshot, since=now - timedelta(days=days), now=now, kept_since=kept_since, with_first_times=True
        )
        blocks = load_block_pairs(snapshot)
        columns = load_columns(snapshot, encoders)
        photo_clusters = load_photo_clusters(snapshot)
        events = events[np.argsort(events.at, kind="stable")]
        asked_from = asked_since(events)
        served_likes = load_served_likes(snapshot, since=asked_from)
        rollout = load_rollout_history(snapshot, since=asked_from)
    posts = SortedPosts.of(lives)
    return TrainingData(
        events=events,
        posts=posts,
        features=features_of(columns, posts.id_hashes),
        deleted_at=lives.deleted_at[np.argsort(lives.id_hashes)],
        blocks=blocks,
        photo_clusters=photo_clusters,
        served_likes=served_likes,
        rollout=rollout,
    )
