"""Loads what one training reads, as of one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from shared.db.bulk import load_all_posts, load_events
from shared.db.engine import Database
from shared.db.relations import check_relations
from shared.encoding import Encoders
from shared.features import features_of, load_columns
from shared.neucf.examples import Events, Posts
from shared.neucf.features import PostFeatures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """Events, posts, and the posts' vectors in the order of `posts`."""

    events: Events
    posts: Posts
    features: PostFeatures


def load_training_data(database: Database, encoders: Encoders, *, days: float, now: datetime) -> TrainingData:
    """Read all posts, the events of the last so many days, and all vectors of the encoders in force.

    Raises:
        SourceError: a relation is not what the contract says.
    """
    with database.read() as snapshot:
        check_relations(database, snapshot)
        found = load_all_posts(snapshot, now=now)
        events = load_events(snapshot, since=now - timedelta(days=days), now=now)
        columns = load_columns(snapshot, encoders)
    order = np.argsort(found.keys)
    posts = Posts(post_key=found.keys[order], author_key=found.author_keys[order], created_at=found.created_at[order])
    return TrainingData(
        events=Events(user_key=events.user_keys, post_key=events.post_keys, kind=events.kinds, at=events.at),
        posts=posts,
        features=features_of(columns, posts.post_key),
    )
