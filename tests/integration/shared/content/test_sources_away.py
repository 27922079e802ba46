"""A source that is away for a while causes no loss: photos, captions, and the host or folder of photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL.Image import Image

from shared.content.encode_posts import Encoders, encode_new
from shared.content.encoders.protocol import EncoderCard, Vectors, unit_rows
from shared.content.photos.fetch import FetchLimits
from shared.content.photos.photo_source import PhotoSource
from shared.content.settings import ContentSettings
from shared.content.target_size import TargetSize
from shared.db.engine import Database
from shared.errors import EncoderFault
from tests.integration.poison import PHOTO_HOST, Hosts, photo_hosts
from tests.integration.shared.content.test_photo_clusters import MeanColour
from tests.photos import a_photo, as_jpeg, halved
from tests.stores import execute, forget_everything, rows, scalar
from tests.worlds import NOW, Post, World, write_own_tables

N_POSTS = 24  # more than are edited between two runs
LATER = NOW + timedelta(minutes=15)
SETTINGS = ContentSettings(encode_batch=8)
BAD_CAPTION = "nothing can be made of this"


class Lengths:
    """A caption encoder of two numbers, one of whose captions has no vector."""

    def __init__(self, version: str = "1") -> None:
        self.card = EncoderCard(name="lengths", version=version, width=2, normalisation="none")

    def encode(self, captions: Sequence[str]) -> Vectors:
        return unit_rows(np.array([[len(text), text != BAD_CAPTION] for text in captions]) * 1.0
                         * np.array([[text != BAD_CAPTION] for text in captions]), "lengths")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Posts, their photos in a folder, and the encode step on them."""

    database: Database
    folder: Path
    encoders: Encoders

    def encode(self, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
        return encode_new(self.database, replace(self.encoders, **changes), SETTINGS, now)

    def derived(self) -> list[tuple[Any, ...]]:
        """All vectors, fingerprints and clusters."""
        vectors = "SELECT post_id, part, source_hash, vector FROM warmline.post_vectors ORDER BY post_id, part"
        looks = "SELECT post_id, fingerprint, cluster FROM warmline.photo_fingerprints ORDER BY post_id"
        return [*rows(self.database, vectors), *rows(self.database, looks)]

    def next_tries(self) -> dict[str, datetime]:
        return dict(rows(self.database, "SELECT post_id, next_try FROM warmline.encoding_failures"))

    def add(self, *names: str, url: str = "{}.jpg") -> None:
        posts = [Post(name, "ann", 0.1, image_url=url.format(name)) for name in names]
        write_own_tables(self.database, World(posts=posts))


@cache
def photo_of(number: int) -> bytes:
    """Every second one is a copy of the one before."""
    return as_jpeg(a_photo(number) if number % 2 == 0 else halved(a_photo(number - 1)))


@pytest.fixture
def scenario(migrated: Database, tmp_path: Path) -> Scenario:
    """Encoded once, without failures."""
    forget_everything(migrated)
    folder = tmp_path / "media"
    folder.mkdir()
    for number in range(N_POSTS):
        (folder / f"p{number}.jpg").write_bytes(photo_of(number))
    posts = [Post(f"p{number}", "ann", 1 + number, image_url=f"p{number}.jpg") for number in range(N_POSTS)]
    write_own_tables(migrated, World(posts=posts))
    execute(migrated, "UPDATE warmline.posts SET caption = 'words of ' || id")
    encoders = Encoders(image=MeanColour(), caption=Lengths(), photos=PhotoSource(media_root=folder))
    made = Scenario(database=migrated, folder=folder, encoders=encoders)
    report = made.encode()
    assert (report["images"], report["captions"], report["away"]) == (N_POSTS, N_POSTS, [])
    assert scalar(migrated, "SELECT count(*) FROM warmline.photo_fingerprints WHERE cluster > 0") == N_POSTS
    return made


# --- the media folder -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaves_mount_point", [True, False], ids=["an empty mount point", "no folder at all"])
def test_a_media_folder_that_is_away_takes_nothing_down_and_is_named(
    scenario: Scenario, leaves_mount_point: bool
) -> None:
    before, elsewhere = scenario.derived(), scenario.folder.with_name("elsewhere")
    scenario.add("new")
    (scenario.folder / "new.jpg").write_bytes(photo_of(100))
    scenario.folder.rename(elsewhere)
    if leaves_mount_point:
        scenario.folder.mkdir()
    report = scenario.encode(LATER)
    assert (report["images"], report["images_failed"], report["images_away"]) == (0, 0, N_POSTS + 1)
    assert report["away"] == ["WARMLINE_MEDIA_ROOT"]
    assert [row for row in scenario.derived() if row[0] != "new"] == before
    assert scenario.next_tries() == {}, "no photo is blamed"
    if leaves_mount_point:
        scenario.folder.rmdir()
    elsewhere.rename(scenario.folder)
    report = scenario.encode(LATER)
    assert (report["images"], report["images_away"], report["away"]) == (1, 0, []), "back at once, and nothing again"


def test_half_of_the_folder_away_takes_nothing_down(scenario: Scenario) -> None:
    before = scenario.derived()
    for number in range(0, N_POSTS, 2):
        (scenario.folder / f"p{number}.jpg").rename(scenario.folder / f"p{number}.away")
    report = scenario.encode(LATER)
    assert (report["images_failed"], report["images_away"]) == (0, N_POSTS // 2)
    assert scenario.derived() == before


def test_one_photo_that_is_replaced_by_a_bad_one_fails_alone_and_keeps_its_vector(scenario: Scenario) -> None:
    before = scenario.derived()
    (scenario.folder / "p3.jpg").write_bytes(b"no photo")
    report = scenario.encode(LATER)
    assert (report["images"], report["images_failed"], report["away"]) == (0, 1, [])
    assert scenario.derived() == before
    (scenario.folder / "p3.jpg").write_bytes(photo_of(50))
    assert scenario.encode(LATER)["images"] == 1
    assert scenario.derived() != before
    assert scenario.next_tries() == {}


def test_a_media_root_that_is_set_nowhere_for_one_run_takes_nothing_down(scenario: Scenario) -> None:
    before = scenario.derived()
    assert scenario.encode(LATER, photos=PhotoSource())["images_away"] == N_POSTS
    assert scenario.derived() == before


# --- captions, and views that show less for a moment ------------------------------------------------------------------


@pytest.mark.parametrize("column", ["caption", "image_url"])
def test_a_column_that_is_empty_for_a_moment_takes_nothing_down_for_a_day(scenario: Scenario, column: str) -> None:
    before = scenario.derived()
    held = dict(rows(scenario.database, f"SELECT id, {column} FROM warmline.posts"))
    execute(scenario.database, f"UPDATE warmline.posts SET {column} = ''")
    report = scenario.encode(LATER)
    assert report["away"] == [f"{'captions' if column == 'caption' else 'images'} of {N_POSTS} posts"]
    assert scenario.derived() == before
    for post, value in held.items():
        execute(scenario.database, f"UPDATE warmline.posts SET {column} = :value WHERE id = :id", value=value, id=post)
    report = scenario.encode(LATER)
    assert (report["captions"], report["images"], report["away"]) == (0, 0, [])
    assert (scenario.derived(), scenario.next_tries()) == (before, {})


def test_a_column_that_stays_empty_is_believed_after_a_day(scenario: Scenario) -> None:
    execute(scenario.database, "UPDATE warmline.posts SET image_url = NULL")
    scenario.encode(LATER)
    scenario.encode(LATER + timedelta(days=1))
    assert {row[1] for row in scenario.derived()} == {"caption"}


def test_one_caption_that_is_taken_away_is_gone_at_once(scenario: Scenario) -> None:
    execute(scenario.database, "UPDATE warmline.posts SET caption = '' WHERE id = 'p1'")
    scenario.encode(LATER)
    assert ("p1", "caption") not in {row[:2] for row in scenario.derived()}


def test_posts_that_are_away_for_a_moment_take_nothing_down(scenario: Scenario) -> None:
    before = scenario.derived()
    execute(scenario.database, "UPDATE warmline.posts SET deleted_at = now()")
    scenario.encode(LATER)
    assert scenario.derived() == before


def test_a_caption_that_an_encoder_makes_nothing_of_costs_only_itself(scenario: Scenario) -> None:
    execute(scenario.database, "UPDATE warmline.posts SET caption = 'other ' || id WHERE id IN ('p1', 'p2')")
    execute(scenario.database, "UPDATE warmline.posts SET caption = :bad WHERE id = 'p3'", bad=BAD_CAPTION)
    assert scenario.encode(LATER)["captions"] == 2
    assert scalar(scenario.database, "SELECT failure FROM warmline.encoding_failures").startswith("encoder-fault")


def test_an_encoder_that_makes_nothing_of_any_ends_the_run_and_takes_nothing_down(scenario: Scenario) -> None:
    before = scenario.derived()
    execute(scenario.database, "UPDATE warmline.posts SET caption = :bad", bad=BAD_CAPTION)
    with pytest.raises(EncoderFault):
        scenario.encode(LATER)
    assert scenario.derived() == before


class OtherColour(MeanColour):
    """Another photo encoder, of as many numbers."""

    card = EncoderCard(name="other-colour", version="1", width=3, normalisation="none")


def test_a_photo_encoder_that_is_swapped_and_swapped_back_encodes_each_photo_once(scenario: Scenario) -> None:
    before, other = scenario.derived(), OtherColour()
    nights = [scenario.encode(LATER, **changes)["images"] for changes in ({"image": other}, {}, {"image": other}, {})]
    assert nights == [N_POSTS, 0, 0, 0]
    execute(scenario.database, "DELETE FROM warmline.post_vectors WHERE encoder = :other", other=other.card.identity)
    assert scenario.derived() == before


class SmallColour(MeanColour):
    """A photo encoder with a target size, which records its inputs."""

    card = EncoderCard(name="small-colour", version="1", width=3, normalisation="none", target_size=TargetSize(32, 3))

    def __init__(self) -> None:
        self.shorter_sides: list[int] = []

    def prepare(self, image: Image) -> torch.Tensor:
        self.shorter_sides.append(min(image.size))
        return super().prepare(image)


def test_photos_are_resized_where_they_are_decoded(scenario: Scenario) -> None:
    encoder = SmallColour()
    assert scenario.encode(LATER, image=encoder)["images"] == N_POSTS
    assert encoder.shorter_sides[1:] == [32] * N_POSTS, "after the sample of the trial"


class BrokenColour(MeanColour):
    """A photo encoder with NaN weights."""

    card = EncoderCard(name="broken-colour", version="1", width=3, normalisation="none")

    def encode_prepared(self, prepared: Sequence[torch.Tensor]) -> Vectors:
        return unit_rows(np.full((len(prepared), 3), np.nan), "broken-colour")


def test_a_broken_photo_encoder_is_told_of_before_the_first_caption_is_encoded(scenario: Scenario) -> None:
    before = scenario.derived()
    execute(scenario.database, "UPDATE warmline.posts SET caption = 'other ' || id")
    with pytest.raises(EncoderFault, match=r"^a sample cannot be encoded: broken-colour: got .*WARMLINE_IMAGE_ENC"):
        scenario.encode(LATER, image=BrokenColour())
    assert scenario.derived() == before


def test_a_broken_encoder_that_nothing_is_asked_of_ends_no_run(scenario: Scenario) -> None:
    before = scenario.derived()
    broken = BrokenColour()
    broken.card = MeanColour.card  # all photos have its vectors
    assert scenario.encode(LATER, image=broken)["images"] == 0
    assert scenario.derived() == before


# --- hosts ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with photo_hosts() as hosts:
        yield hosts


@pytest.fixture
def remote(scenario: Scenario, hosts: Hosts) -> Scenario:
    """The same posts, encoded, with their photos on a healthy host."""
    hosts.photos.trouble = None
    hosts.photos.photos = {f"p{number}.jpg": photo_of(number) for number in range(N_POSTS)}
    execute(scenario.database, f"UPDATE warmline.posts SET image_url = '{hosts.url('')}' || id || '.jpg'")
    there = replace(scenario, encoders=replace(scenario.encoders, photos=source_of(hosts)))
    assert there.encode()["images"] == N_POSTS
    return there


def source_of(hosts: Hosts, **limits: float) -> PhotoSource:
    return PhotoSource(
        hosts=[f"photos.test:{hosts.port}"],
        limits=FetchLimits(seconds=limits.get("seconds", 5.0)),
        resolver=lambda host, port: [PHOTO_HOST],
        is_allowed=lambda address: address == PHOTO_HOST,
    )


@pytest.mark.parametrize("trouble", ["away", "slow", "page", "page called an image", "busy"])
def test_a_host_in_trouble_takes_nothing_down_and_is_asked_again_by_the_next_run(
    remote: Scenario, hosts: Hosts, trouble: str
) -> None:
    before, new = remote.derived(), [f"new{number}" for number in range(20)]
    remote.add(*new, url=hosts.url("{}.jpg"))
    hosts.photos.photos |= {f"{name}.jpg": photo_of(60 + 2 * number) for number, name in enumerate(new)}
    hosts.photos.trouble = trouble
    hosts.photos.asked.clear()
    impatient = source_of(hosts, seconds=0.1)
    report = remote.encode(LATER, photos=impatient)
    assert report["away"] == [f"photos.test:{hosts.port}"]
    assert report["images"] == 0
    assert report["images_failed"] + report["images_away"] == len(new)
    assert sum(hosts.photos.asked.values()) <= 12, "a place that is away does not hold the run up"
    assert [row for row in remote.derived() if row[0] not in new] == before
    assert set(remote.next_tries().values()) <= {LATER}, "no photo has to wait longer than the next run"
    hosts.photos.trouble = None
    assert remote.encode(LATER)["images"] == len(new)


def test_a_few_photos_that_a_healthy_host_refuses_wait_alone(remote: Scenario, hosts: Hosts) -> None:
    remote.add("gone", "forbidden", "good", url=hosts.url("{}.jpg"))
    hosts.photos.photos["good.jpg"] = photo_of(90)
    hosts.photos.forbidden = {"forbidden.jpg"}
    report = remote.encode(LATER)
    assert (report["images"], report["images_failed"], report["away"]) == (1, 2, [])
    assert set(remote.next_tries().values()) == {LATER + timedelta(minutes=30)}


def test_a_host_that_never_gave_anything_is_not_asked_for_everything(scenario: Scenario, hosts: Hosts) -> None:
    new = [f"new{number}" for number in range(40)]
    scenario.add(*new, url=hosts.url("{}.jpg"))
    hosts.photos.trouble = "busy"
    hosts.photos.asked.clear()
    photos = replace(scenario.encoders, photos=source_of(hosts)).photos
    report = scenario.encode(LATER, photos=photos)
    assert report["away"] == [f"photos.test:{hosts.port}"]
    assert 8 <= sum(hosts.photos.asked.values()) <= 16
    asked = set(hosts.photos.asked)
    scenario.encode(LATER, photos=photos)
    assert set(hosts.photos.asked) - asked, "the next run asks for others first"


def test_a_page_behind_a_url_is_tried_again_though_the_url_stays(remote: Scenario, hosts: Hosts) -> None:
    remote.add("odd", url=hosts.url("{}.jpg"))
    hosts.photos.photos["odd.jpg"] = b"Service unavailable"
    assert remote.encode(LATER)["images_failed"] == 1
    hosts.photos.photos["odd.jpg"] = photo_of(90)
    assert remote.encode(LATER + timedelta(minutes=30))["images"] == 1


# --- a refusal lasts as long as the limit that refused ----------------------------------------------------------------

REFUSALS: dict[str, tuple[bytes, dict[str, Any], dict[str, Any]]] = {
    "megapixels": (as_jpeg(a_photo(70)), {"max_pixels": 1000}, {"max_pixels": 40_000_000}),
    "bytes": (as_jpeg(a_photo(70)), {"limits": FetchLimits(max_bytes=100)}, {"limits": FetchLimits()}),
}


@pytest.mark.parametrize("limit", REFUSALS)
def test_a_photo_that_a_limit_refused_is_tried_again_when_that_limit_changes_and_not_before(
    scenario: Scenario, limit: str
) -> None:
    content, tight, wide = REFUSALS[limit]
    scenario.add("large")
    (scenario.folder / "large.jpg").write_bytes(content)
    refusing = PhotoSource(media_root=scenario.folder, **tight)
    assert scenario.encode(LATER, photos=refusing)["images_failed"] == 1
    assert scenario.encode(LATER + timedelta(days=9), photos=refusing)["images_failed"] == 0
    other_limits = PhotoSource(media_root=scenario.folder, hosts=["cdn.example.org"], **tight)
    assert scenario.encode(LATER + timedelta(days=9), photos=other_limits)["images_failed"] == 0
    assert scenario.encode(LATER, photos=PhotoSource(media_root=scenario.folder, **wide))["images"] == 1


BROKEN = b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d49484452") + b"no header of any picture at all"


@pytest.mark.parametrize("content", [b"a format of tomorrow", BROKEN], ids=["kind", "bytes"])
def test_a_photo_that_a_decoder_refused_is_tried_again_by_another_decoder(
    scenario: Scenario, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario.add("odd")
    (scenario.folder / "odd.jpg").write_bytes(content)
    assert scenario.encode(LATER)["images_failed"] == 1
    assert scenario.encode(LATER + timedelta(days=9))["images_failed"] == 0
    monkeypatch.setattr("PIL.__version__", "99.0")
    assert scenario.encode(LATER, photos=PhotoSource(media_root=scenario.folder))["images_failed"] == 1


def test_what_an_encoder_refused_another_one_may_take(scenario: Scenario) -> None:
    execute(scenario.database, "UPDATE warmline.posts SET caption = :bad WHERE id = 'p3'", bad=BAD_CAPTION)
    scenario.encode(LATER)
    assert scenario.encode(LATER)["captions"] == 0
    other = Lengths("2")
    other.encode = lambda captions: unit_rows(np.ones((len(captions), 2)), "lengths")  # type: ignore[method-assign]
    assert scenario.encode(LATER, caption=other)["captions"] == N_POSTS


# --- posts that are gone ----------------------------------------------------------------------------------------------


def test_what_was_derived_from_a_deleted_post_goes_after_ninety_days(scenario: Scenario) -> None:
    before = scenario.derived()
    execute(scenario.database, "UPDATE warmline.posts SET deleted_at = now() WHERE id = 'p3'")
    execute(scenario.database, "DELETE FROM warmline.posts WHERE id = 'p4'")
    scenario.encode(NOW)
    scenario.encode(NOW + timedelta(days=89))
    assert scenario.derived() == before
    scenario.encode(NOW + timedelta(days=90))
    assert scenario.derived() == [row for row in before if row[0] not in ("p3", "p4")]
    assert scenario.next_tries() == {}


def test_a_view_that_was_empty_for_a_while_leaves_nothing_behind(scenario: Scenario) -> None:
    before = scenario.derived()
    execute(scenario.database, "UPDATE warmline.posts SET deleted_at = now()")
    scenario.encode(NOW)
    assert len(scenario.next_tries()) == N_POSTS
    execute(scenario.database, "UPDATE warmline.posts SET deleted_at = NULL")
    scenario.encode(LATER)
    assert scenario.derived() == before
    assert scenario.next_tries() == {}
