"""After an encoding, near-identical photos have one cluster in PostgreSQL and in Redis' catalogue; another encoder
changes nothing about it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
import torch
from PIL.Image import Image

from shared.content.encode_posts import Encoders, build_encoders, encode_new
from shared.content.encoders.protocol import EncoderCard, Vectors, unit_rows
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.content.photos.photo_source import PhotoSource
from shared.content.settings import ContentSettings
from shared.db.clusters import renew_clusters
from shared.db.engine import Database
from shared.ranked_lists.job_store import JobStore
from tests.photos import a_photo, as_jpeg, cut, halved
from tests.stores import Held, execute, forget_everything, heuristic_run, rows
from tests.worlds import NOW, Post, World, write_own_tables

SETTINGS = ContentSettings(text_encoder=OFFLINE_ENGLISH)
PHOTOS: Mapping[str, bytes] = {
    "beach": as_jpeg(a_photo(1)),
    "beach-again": as_jpeg(halved(a_photo(1)), 30),
    "dog": as_jpeg(a_photo(2)),
    "dog-cut": as_jpeg(cut(a_photo(2), 0.03), 50),
    "dog-small": as_jpeg(halved(a_photo(2))),
    "tree": as_jpeg(a_photo(3)),
    "lake": as_jpeg(a_photo(4)),
}
PAIRS = [{"beach", "beach-again"}, {"dog", "dog-cut", "dog-small"}]


class MeanColour:
    """Another encoder: three numbers, the same for very different photos."""

    card = EncoderCard(name="mean-colour", version="1", width=3, normalisation="none")

    def encode(self, images: Sequence[Image]) -> Vectors:
        return self.encode_prepared([self.prepare(image) for image in images])

    def prepare(self, image: Image) -> torch.Tensor:
        return torch.from_numpy(np.asarray(image).reshape(-1, 3).mean(0))

    def encode_prepared(self, prepared: Sequence[torch.Tensor]) -> Vectors:
        return unit_rows(torch.stack(list(prepared)).numpy(), "mean-colour")


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Encoders:
    folder = tmp_path_factory.mktemp("photos")
    for name, content in PHOTOS.items():
        (folder / f"{name}.jpg").write_bytes(content)
    return replace(build_encoders(SETTINGS), image=MeanColour(), photos=PhotoSource(media_root=folder))


@pytest.fixture
def world(migrated: Database, encoders: Encoders) -> Database:
    """Encoded posts with these photos, and one without a photo."""
    forget_everything(migrated)
    posts = [Post(name, "ann", number, image_url=f"{name}.jpg") for number, name in enumerate(PHOTOS)]
    write_own_tables(migrated, World(posts=[*posts, Post("words", "ann", 1, image_url=None)]))
    encode_new(migrated, encoders, SETTINGS, NOW)
    return migrated


def _groups(database: Database) -> list[set[str]]:
    """The posts of each cluster."""
    found = rows(
        database, "SELECT cluster, post_id FROM warmline.photo_fingerprints WHERE cluster > 0 ORDER BY post_id"
    )
    groups: dict[int, set[str]] = {}
    for cluster, post in found:
        groups.setdefault(cluster, set()).add(post)
    return list(groups.values())


def test_copies_are_one_cluster_and_other_photos_are_none(world: Database) -> None:
    assert _groups(world) == PAIRS
    alone = rows(world, "SELECT post_id FROM warmline.photo_fingerprints WHERE cluster = 0")
    assert {post for (post,) in alone} == {"tree", "lake"}


def test_the_catalogue_in_redis_names_the_clusters(world: Database, writer: JobStore, held: Held) -> None:
    heuristic_run(world, writer)
    row_of = dict(rows(world, "SELECT post_id, row FROM warmline.post_rows"))
    cluster_of = {post: held.post(row).cluster for post, row in row_of.items()}
    assert len({cluster_of[post] for post in PAIRS[0]}) == len({cluster_of[post] for post in PAIRS[1]}) == 1
    assert 0 < cluster_of["beach"] != cluster_of["dog"] > 0
    assert cluster_of["tree"] == cluster_of["lake"] == cluster_of["words"] == 0


def test_a_copy_that_comes_later_joins_the_cluster_that_is_there(
    world: Database, encoders: Encoders, tmp_path: Path
) -> None:
    before = dict(rows(world, "SELECT post_id, cluster FROM warmline.photo_fingerprints WHERE cluster > 0"))
    for name, content in {**PHOTOS, "dog-late": as_jpeg(a_photo(2), 35)}.items():
        (tmp_path / f"{name}.jpg").write_bytes(content)
    write_own_tables(world, World(posts=[Post("dog-late", "ben", 0, image_url="dog-late.jpg")]))
    encode_new(world, replace(encoders, photos=PhotoSource(media_root=tmp_path)), SETTINGS, NOW)
    after = dict(rows(world, "SELECT post_id, cluster FROM warmline.photo_fingerprints WHERE cluster > 0"))
    assert after == {**before, "dog-late": before["dog"]}


def test_another_encoder_leaves_the_clusters_as_they_are(world: Database, encoders: Encoders) -> None:
    before = rows(world, "SELECT post_id, cluster FROM warmline.photo_fingerprints ORDER BY post_id")
    other = MeanColour()
    other.card = replace(MeanColour.card, version="2")
    assert encode_new(world, replace(encoders, image=other), SETTINGS, NOW)["images"] == len(PHOTOS)
    after = rows(world, "SELECT post_id, cluster FROM warmline.photo_fingerprints ORDER BY post_id")
    assert after == before


def test_another_photo_leaves_its_cluster(world: Database, encoders: Encoders, tmp_path: Path) -> None:
    for name, content in {**PHOTOS, "beach": as_jpeg(a_photo(9))}.items():
        (tmp_path / f"{name}.jpg").write_bytes(content)
    encode_new(world, replace(encoders, photos=PhotoSource(media_root=tmp_path)), SETTINGS, NOW + timedelta(hours=1))
    ((cluster,),) = rows(world, "SELECT cluster FROM warmline.photo_fingerprints WHERE post_id = 'beach'")
    assert cluster == 0


def test_a_photo_that_was_replaced_meanwhile_gets_no_number(world: Database) -> None:
    execute(world, "UPDATE warmline.photo_fingerprints SET cluster = NULL WHERE post_id = 'tree'")

    def compare(prints: Sequence[bytes], clusters: Sequence[int | None], new: object) -> Mapping[int, int]:
        place = clusters.index(None)
        with world.own.engine.connect() as connection:
            connection.execute(
                sa.text("UPDATE warmline.photo_fingerprints SET fingerprint = '\\x00' WHERE post_id = 'tree'")
            )
            connection.commit()
        return {place: 77}

    renew_clusters(world, list(PHOTOS), compare=compare)
    assert rows(world, "SELECT cluster FROM warmline.photo_fingerprints WHERE post_id = 'tree'") == [(None,)]


def test_while_another_job_compares_nothing_is_done(world: Database) -> None:
    execute(world, "UPDATE warmline.photo_fingerprints SET cluster = NULL")
    inner = []

    def compare(prints: Sequence[bytes], clusters: Sequence[int | None], new: object) -> Mapping[int, int]:
        inner.append(renew_clusters(world, list(PHOTOS), compare=compare).compared)
        return {}

    assert renew_clusters(world, list(PHOTOS), compare=compare).compared == len(PHOTOS)
    assert inner == [0]
