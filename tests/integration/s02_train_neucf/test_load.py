"""What a training reads besides events: photos that are alike, and what served people when they liked something."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np

from s02_train_neucf.data.load import TrainingData, load_training_data
from s02_train_neucf.gate.history import History
from shared.content.encode_posts import Encoders
from shared.content.encoders.protocol import EncoderCard
from shared.db.engine import Database
from shared.db.id_hashes import load_id_hashes
from shared.domain import InteractionKind, Source
from tests.stores import execute
from tests.worlds import NOW, Event, Post, World, write_own_tables

CARD = EncoderCard(name="none", version="1", width=1, normalisation="none")
NO_ENCODERS = cast(Encoders, SimpleNamespace(image=SimpleNamespace(card=CARD), caption=SimpleNamespace(card=CARD)))
POSTS = ("beach", "copy", "tree", "new")


def load(database: Database, *, asked_hours: float = 1000.0) -> TrainingData:
    since = NOW.timestamp() - 3600 * asked_hours
    return load_training_data(database, NO_ENCODERS, days=730, now=NOW, asked_since=lambda _: since)


def clusters(database: Database, ids: Sequence[str] = POSTS) -> list[int]:
    data = load(database)
    with database.read() as snapshot:
        indices = data.posts.indices(load_id_hashes(snapshot, ids))
    return list(History.of(data).clusters[indices])


def write_posts(database: Database) -> None:
    write_own_tables(database, World(posts=[Post(name, "author", 9.0) for name in POSTS]))


def test_posts_have_the_clusters_of_their_photos(database: Database) -> None:
    write_posts(database)
    execute(
        database,
        "INSERT INTO warmline.photo_fingerprints (post_id, fingerprint, cluster)"
        " VALUES ('beach', '', 7), ('copy', '', 7), ('tree', '', 0), ('new', '', NULL), ('gone', '', 8)",
    )
    assert clusters(database) == [7, 7, 0, 0]


def test_an_installation_without_fingerprints_has_no_clusters(database: Database) -> None:
    write_posts(database)
    assert clusters(database) == [0, 0, 0, 0]


def test_of_likes_since_the_time_that_is_asked_for_the_source_is_known(database: Database) -> None:
    likes = [Event("ann", "beach", InteractionKind.LIKE, 5.0), Event("ann", "tree", InteractionKind.LIKE, 2.0)]
    write_own_tables(database, World(users=["ann"], posts=[Post(name, "author", 9.0) for name in POSTS], events=likes))
    execute(database, "UPDATE warmline.interactions SET source = 'neucf', generation = 1, position = 20")
    history = History.of(load(database, asked_hours=3.0))
    sources = history.data.sources_of(history.likes)
    assert sources.is_from(Source.NEUCF).tolist() == [False, True]
    assert sources.positions.tolist() == [-1, 20]
    np.testing.assert_array_equal(sources.outside_rollout, [True, False])  # a model served the second one
