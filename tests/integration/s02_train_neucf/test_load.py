"""What a training reads besides events: photos that are alike."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

from s02_train_neucf.data.load import load_training_data
from s02_train_neucf.gate.history import History
from shared.content.encode_posts import Encoders
from shared.content.encoders.protocol import EncoderCard
from shared.db.engine import Database
from shared.db.id_hashes import load_id_hashes
from tests.stores import execute
from tests.worlds import NOW, Post, World, write_own_tables

CARD = EncoderCard(name="none", version="1", width=1, normalisation="none")
NO_ENCODERS = cast(Encoders, SimpleNamespace(image=SimpleNamespace(card=CARD), caption=SimpleNamespace(card=CARD)))
POSTS = ("beach", "copy", "tree", "new")


def clusters(database: Database, ids: Sequence[str] = POSTS) -> list[int]:
    data = load_training_data(database, NO_ENCODERS, days=730, now=NOW)
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
