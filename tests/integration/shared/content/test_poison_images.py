"""The encode step on a world of poison: the run ends well, each reason is on record, nothing forbidden is fetched."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from shared.content.encode_posts import Encoders, build_encoders, encode_new
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.content.photos.photo_source import PhotoSource
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from tests.encoders import built_once
from tests.integration.poison import (
    GIVEN_BACK,
    GOOD,
    REASONS,
    ROTATED,
    SENT,
    TRUNCATED,
    UPRIGHT,
    Hosts,
    photo_hosts,
)
from tests.stores import execute, forget_everything, rows
from tests.worlds import NOW

LASTING = sorted(name for name, (_, retried) in REASONS.items() if not retried)
PASSING = sorted(name for name, (_, retried) in REASONS.items() if retried)
FIRST_WAIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned:
    """A post for each photo, good and bad, and the encode step on them."""

    database: Database
    hosts: Hosts
    encoders: Encoders

    def encode(self, now: datetime, *, batch: int = 32) -> dict[str, int]:
        settings = ContentSettings(
            text_encoder=OFFLINE_ENGLISH, image_retry_minutes=FIRST_WAIT.seconds / 60, encode_batch=batch
        )
        return encode_new(self.database, self.encoders, settings, now)

    def failure(self, name: str) -> tuple[str, int, datetime | None]:
        """Code, attempts and time of the next try of a photo without a vector."""
        query = (
            "SELECT failure, attempts, next_try FROM warmline.encoding_failures WHERE part = 'image' AND post_id = :id"
        )
        ((failure, attempts, next_try),) = rows(self.database, query, id=name)
        return (failure or "").partition(":")[0], attempts, next_try

    def vectors(self) -> dict[str, np.ndarray]:
        """Photo → its vector."""
        query = "SELECT post_id, vector FROM warmline.post_vectors WHERE part = 'image'"
        return {name: np.frombuffer(vector, "<f2").astype(np.float32) for name, vector in rows(self.database, query)}


def poisoned(database: Database, hosts: Hosts) -> Poisoned:
    forget_everything(database)
    hosts.photos.photos = dict(SENT)
    for name in (*GOOD, *REASONS):
        execute(
            database,
            "INSERT INTO warmline.posts (id, author_id, caption, image_url, created_at)"
            " VALUES (:id, 'ann', 'a', :url, :at)",
            id=name,
            url=hosts.url(name),
            at=NOW - timedelta(hours=1),
        )
    with built_once():
        encoders = build_encoders(ContentSettings(text_encoder=OFFLINE_ENGLISH))
    return Poisoned(database=database, hosts=hosts, encoders=replace(encoders, photos=hosts.source()))


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with photo_hosts() as hosts:
        yield hosts


@pytest.fixture(scope="module")
def once(migrated: Database, hosts: Hosts) -> tuple[Poisoned, dict[str, int]]:
    """After one run, and what it reported; only read."""
    world = poisoned(migrated, hosts)
    return world, world.encode(NOW)


def test_the_run_ends_well_and_counts_both(once: tuple[Poisoned, dict[str, int]]) -> None:
    everything = len(GOOD) + len(REASONS)
    assert once[1] == {
        "captions": everything, "images": len(GOOD), "images_failed": len(REASONS), "images_away": 0, "away": [],
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(REASONS))
def test_each_reason_is_on_record(once: tuple[Poisoned, dict[str, int]], name: str) -> None:
    code, retried = REASONS[name]
    assert once[0].failure(name) == (code, 1, NOW + FIRST_WAIT if retried else None)


def test_nothing_is_fetched_where_it_must_not_be(once: tuple[Poisoned, dict[str, int]]) -> None:
    assert once[0].hosts.forbidden.asked == {}


def test_odd_but_good_photos_get_vectors_and_bad_ones_get_none(once: tuple[Poisoned, dict[str, int]]) -> None:
    vectors = once[0].vectors()
    assert sorted(vectors) == sorted(GOOD)
    assert all(np.isfinite(vector).all() and vector.any() for vector in vectors.values())


def test_a_photo_held_sideways_is_encoded_upright(once: tuple[Poisoned, dict[str, int]]) -> None:
    vectors = {name: vector / np.linalg.norm(vector) for name, vector in once[0].vectors().items()}
    assert vectors[ROTATED] @ vectors[UPRIGHT] > 0.99


def test_what_may_pass_is_tried_again_ever_later_and_what_lasts_never(migrated: Database, hosts: Hosts) -> None:
    world = poisoned(migrated, hosts)
    world.encode(NOW)
    before = hosts.photos.asked.copy()
    assert world.encode(NOW + FIRST_WAIT / 2)["images_failed"] == 0, "nothing is due yet"
    later = NOW + FIRST_WAIT
    assert world.encode(later)["images_failed"] == len(PASSING)
    assert {name: world.failure(name)[1:] for name in PASSING} == dict.fromkeys(PASSING, (2, later + 2 * FIRST_WAIT))
    assert [name for name in LASTING if hosts.photos.asked[name] != before[name]] == []


def test_an_upload_that_was_under_way_gets_its_vector_at_the_next_try(migrated: Database, hosts: Hosts) -> None:
    world = poisoned(migrated, hosts)
    world.encode(NOW)
    assert TRUNCATED not in world.vectors()
    hosts.photos.photos[TRUNCATED] = GIVEN_BACK
    assert world.encode(NOW + FIRST_WAIT)["images"] == 1
    assert TRUNCATED in world.vectors()


def test_the_log_names_the_first_failure_whatever_batch_it_was_in(
    migrated: Database, hosts: Hosts, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned(migrated, hosts).encode(NOW, batch=1)  # the last batch is a good photo
    (line,) = [record.getMessage() for record in caplog.records if "content.images_failed" in record.getMessage()]
    assert f'count={len(REASONS)} first="too-many-pixels: ' in line


def test_photos_that_the_settings_kept_out_are_tried_at_once_when_these_change(
    migrated: Database, hosts: Hosts, tmp_path: Path
) -> None:
    world = poisoned(migrated, hosts)
    (tmp_path / "local.png").write_bytes(GOOD["plain.png"])
    execute(migrated, "UPDATE warmline.posts SET image_url = 'local.png' WHERE id = 'plain.png'")
    closed = replace(world, encoders=replace(world.encoders, photos=PhotoSource()))
    report = closed.encode(NOW)
    assert (report["images"], report["images_failed"]) == (0, len(GOOD) + len(REASONS))
    assert closed.encode(NOW)["images_failed"] == 0, "the settings are the same"
    mended = replace(world, encoders=replace(world.encoders, photos=hosts.source(media_root=tmp_path)))
    report = mended.encode(NOW)
    assert (report["images"], report["images_failed"]) == (len(GOOD), len(REASONS))
