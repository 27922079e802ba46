"""Posts with several photos: one vector, the mean; a photo that fails loses no other; one photo stays what it was."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from shared.content.encode_posts import Encoders, encode_new
from shared.content.photos.photo_source import PhotoSource
from shared.content.photos.unreadable import Fault, Unreadable
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.vectors import VECTOR_TYPE, load_content
from tests.integration.shared.content.test_photo_clusters import MeanColour
from tests.integration.shared.content.test_sources_away import Lengths
from tests.photos import as_jpeg
from tests.stores import execute, forget_everything, rows, scalar, store_settings
from tests.worlds import NOW, Post, World, write_own_tables

SETTINGS = ContentSettings(image_retry_minutes=30)
LATER = NOW + timedelta(hours=1)
COLOURS = {"red": (250, 5, 5), "green": (5, 250, 5), "blue": (5, 5, 250), "grey": (90, 90, 90)}


@dataclass(frozen=True)
class Album:
    """A database, a folder with photos of one colour each, and the encoding of both."""

    database: Database
    folder: Path

    def add(self, post: str, image_url: str | None, image_urls: Sequence[str | None] | None) -> None:
        write_own_tables(self.database, World(posts=[Post(post, "ann", 1, image_url=image_url)]))
        self.name(post, image_urls)

    def name(self, post: str, image_urls: Sequence[str | None] | None) -> None:
        update = "UPDATE warmline.posts SET image_urls = CAST(:photos AS text[]) WHERE id = :post"
        execute(self.database, update, post=post, photos=None if image_urls is None else list(image_urls))

    def encode(self, now: datetime = NOW) -> dict[str, Any]:
        photos = PhotoSource(media_root=self.folder)
        return encode_new(
            self.database, Encoders(image=MeanColour(), caption=Lengths(), photos=photos), SETTINGS, now
        )  # fmt: skip

    def stored(self) -> dict[str, tuple[str, bytes]]:
        query = "SELECT post_id, source_hash, vector FROM warmline.post_vectors WHERE part = 'image'"
        return {post: (source, bytes(vector)) for post, source, vector in rows(self.database, query)}

    def vector(self, post: str) -> np.ndarray:
        return np.frombuffer(self.stored()[post][1], VECTOR_TYPE).astype(np.float64)

    def failures(self) -> dict[str, str]:
        query = "SELECT post_id, failure FROM warmline.encoding_failures WHERE part = 'image'"
        return {post: failure.partition(":")[0] for post, failure in rows(self.database, query)}


@pytest.fixture
def album(migrated: Database, tmp_path: Path) -> Album:
    forget_everything(migrated)
    for name, colour in COLOURS.items():
        (tmp_path / f"{name}.jpg").write_bytes(as_jpeg(Image.new("RGB", (64, 64), colour)))
    made = Album(migrated, tmp_path)
    for name in COLOURS:
        made.add(f"only {name}", f"{name}.jpg", None)
    return made


def _mean(album: Album, *names: str) -> np.ndarray:
    """Of the unit vectors of single photos."""
    vectors = np.stack([album.vector(f"only {name}") for name in names])
    mean: np.ndarray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).mean(axis=0)
    return mean


def test_the_vector_is_the_mean_of_the_unit_vectors_each_photo_once(album: Album) -> None:
    album.add("two", "red.jpg", ["green.jpg"])
    album.add("repeats", "red.jpg", ["green.jpg", "red.jpg", None, "", "green.jpg"])
    album.add("without image_url", None, ["red.jpg", "green.jpg"])
    album.add("three", "red.jpg", ["green.jpg", "blue.jpg"])
    assert album.encode()["images"] == len(COLOURS) + 4
    for post in ("two", "repeats", "without image_url"):
        assert np.allclose(album.vector(post), _mean(album, "red", "green"), atol=2e-3)
    assert np.allclose(album.vector("three"), _mean(album, "red", "green", "blue"), atol=2e-3)
    assert album.failures() == {}
    assert album.encode(LATER)["images"] == 0


def test_one_photo_has_the_vector_that_it_had_and_is_not_encoded_again(album: Album) -> None:
    album.encode()
    before = album.stored()
    same: list[list[str | None]] = [[], [None], ["blue.jpg"], [""]]
    for post, photos in zip(sorted(before), [same[2], *same[:2], same[3]], strict=True):
        album.name(post, photos)
    album.add("only in the list", None, ["red.jpg"])
    assert album.encode(LATER)["images"] == 1
    after = album.stored()
    assert after.pop("only in the list") == before["only red"]
    assert after == before


def test_a_photo_that_cannot_be_read_loses_no_other_and_counts_when_it_can(album: Album) -> None:
    album.add("new", "red.jpg", ["missing.jpg", "blue.jpg"])
    report = album.encode()
    assert (report["images"], report["images_failed"]) == (len(COLOURS) + 1, 1)
    assert np.allclose(album.vector("new"), _mean(album, "red", "blue"), atol=2e-3)
    assert album.failures() == {"new": "file-missing"}
    assert album.encode(NOW + timedelta(minutes=5))["images"] == 0, "the next try comes later"
    (album.folder / "missing.jpg").write_bytes((album.folder / "green.jpg").read_bytes())
    assert album.encode(LATER)["images"] == 1
    assert np.allclose(album.vector("new"), _mean(album, "red", "blue", "green"), atol=2e-3)
    assert album.failures() == {}
    assert album.encode(LATER + timedelta(days=30))["images"] == 0


def test_a_file_that_is_no_photo_loses_no_other_for_good(album: Album) -> None:
    (album.folder / "letter.jpg").write_bytes(b"Dear Sir or Madam, " * 100)
    album.add("new", "letter.jpg", ["red.jpg", "../outside.jpg", "/etc/passwd"])
    album.encode()
    kept = album.stored()["new"]
    assert np.allclose(album.vector("new"), _mean(album, "red"), atol=2e-3)
    assert album.encode(NOW + timedelta(days=365))["images"] == 0
    assert album.stored()["new"] == kept
    assert scalar(album.database, "SELECT fingerprint FROM warmline.photo_fingerprints WHERE post_id = 'new'")


def test_without_a_readable_photo_there_is_no_vector(album: Album) -> None:
    album.add("new", "nowhere.jpg", ["/etc/passwd"])
    assert album.encode()["images_failed"] == 1
    assert "new" not in album.stored()
    assert set(album.failures()) == {"new"}


def test_the_fingerprint_is_of_the_first_photo(album: Album) -> None:
    album.add("new", "green.jpg", ["red.jpg"])
    album.encode()
    prints = dict(rows(album.database, "SELECT post_id, fingerprint FROM warmline.photo_fingerprints"))
    assert bytes(prints["new"]) == bytes(prints["only green"])


def test_an_outage_of_one_photo_does_not_replace_the_vector_of_all(album: Album) -> None:
    album.add("new", "red.jpg", ["green.jpg"])
    album.encode()
    before, load = album.vector("new"), PhotoSource.load
    album.name("new", ["green.jpg", "blue.jpg"])
    away = Unreadable(fault=Fault.TIMED_OUT, detail="", may_be_outage=True)

    def slow(source: PhotoSource, reference: str, *arguments: Any) -> Any:
        return away if reference == "blue.jpg" else load(source, reference, *arguments)

    with patch.object(PhotoSource, "load", slow):
        album.encode(LATER)
    assert np.array_equal(album.vector("new"), before)
    assert album.encode(LATER + timedelta(days=1))["images"] == 1
    assert np.allclose(album.vector("new"), _mean(album, "red", "green", "blue"), atol=2e-3)


def test_ten_photos_are_read_and_no_more(album: Album) -> None:
    many = [f"{number}.jpg" for number in range(15)]
    album.add("new", "red.jpg", many)
    with album.database.read() as snapshot:
        (new,) = [post for post in load_content(snapshot, now=NOW) if post.post_id == "new"]
    assert new.photos == ("red.jpg", *many[:9])
    for photo in many:
        (album.folder / photo).write_bytes((album.folder / "red.jpg").read_bytes())
    for number in range(40):  # more photos than a batch holds
        album.add(f"p{number}", "red.jpg", many[number % 5 :])
    assert album.encode()["images"] == len(COLOURS) + 41


VIEW = "id, author_id, caption, image_url, created_at, deleted_at"


@pytest.mark.parametrize(
    ("column", "photos"),
    [
        ("", ("red.jpg",)),
        (", image_urls", ("red.jpg", "green.jpg")),
        (", image_urls::varchar[] AS image_urls", ("red.jpg", "green.jpg")),
        (", ARRAY[['a.jpg', 'b.jpg'], ['c.jpg', 'd.jpg']] AS image_urls", ("red.jpg",)),
        (", array_to_string(image_urls, ',') AS image_urls", ("red.jpg",)),
        (", 1 AS image_urls", ("red.jpg",)),
    ],
)
def test_a_view_may_have_the_column_and_one_of_another_type_counts_for_nothing(
    album: Album, column: str, photos: tuple[str, ...]
) -> None:
    album.add("new", "red.jpg", ["green.jpg"])
    execute(album.database, "DROP SCHEMA IF EXISTS team CASCADE")
    execute(album.database, "CREATE SCHEMA team")
    execute(album.database, "CREATE VIEW team.users AS SELECT 'ann'::text AS id, now() AS created_at")
    execute(album.database, f"CREATE VIEW team.posts AS SELECT {VIEW}{column} FROM warmline.posts")
    url = album.database.own.engine.url.render_as_string(hide_password=False)
    viewed = Database(store_settings(url, source_schema="team"))
    try:
        with viewed.read() as snapshot:
            found = {post.post_id: post.photos for post in load_content(snapshot, now=NOW)}
    finally:
        viewed.close()
        execute(album.database, "DROP SCHEMA team CASCADE")
    assert found["new"] == photos
    assert json.dumps(sorted(found)) == json.dumps(sorted(["new", *(f"only {name}" for name in COLOURS)]))
