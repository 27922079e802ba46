"""Photos below the media root, and every way out of it that is closed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.content.encoders.captions import content_hash_of
from shared.content.photos.fetch import FetchLimits
from shared.content.photos.photo_source import Photo, PhotoSource
from shared.content.photos.unreadable import Fault, Unreadable
from shared.content.target_size import TargetSize
from tests.photos import a_photo

NOWHERE = PhotoSource(media_root=Path("no-such-folder"), resolver=lambda host, port: [])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "media/2026").mkdir(parents=True)
    Image.new("RGB", (30, 20), "red").save(tmp_path / "media/2026/cat.png")
    Image.new("RGB", (30, 20), "blue").save(tmp_path / "secret.png")
    return tmp_path / "media"


@pytest.fixture
def source(root: Path) -> PhotoSource:
    return PhotoSource(media_root=root, limits=FetchLimits(max_bytes=50_000))


def fault_of(result: Photo | Unreadable) -> Fault:
    assert isinstance(result, Unreadable)
    return result.fault


def test_a_photo_below_the_root_is_read(source: PhotoSource) -> None:
    photo = source.load("2026/cat.png")
    assert isinstance(photo, Photo)
    assert photo.image.size == (30, 20)


def test_a_photo_in_a_target_size_has_the_fingerprint_of_the_whole_one(source: PhotoSource, root: Path) -> None:
    a_photo(1, width=400, height=300).save(root / "photo.jpg")
    whole, small = source.load("photo.jpg"), source.load("photo.jpg", TargetSize(60, Image.Resampling.BICUBIC))
    assert isinstance(whole, Photo)
    assert isinstance(small, Photo)
    assert (whole.image.size, small.image.size) == ((400, 300), (80, 60))
    assert small.image == whole.image.resize((80, 60), Image.Resampling.BICUBIC)
    assert small.fingerprint == whole.fingerprint != bytes(len(whole.fingerprint))


def test_the_hash_is_of_the_bytes_as_they_came(source: PhotoSource, root: Path) -> None:
    photo = source.load("2026/cat.png")
    assert isinstance(photo, Photo)
    assert photo.content_hash == content_hash_of((root / "2026/cat.png").read_bytes())


@pytest.mark.parametrize("reference", ["../secret.png", "2026/../../secret.png", "/etc/passwd", "//etc/passwd", ".."])
def test_a_path_that_leads_out_is_refused(source: PhotoSource, reference: str) -> None:
    assert fault_of(source.load(reference)) is Fault.OUTSIDE_ROOT


def test_an_absolute_path_below_the_root_is_refused_too(source: PhotoSource, root: Path) -> None:
    assert fault_of(source.load(str(root / "2026/cat.png"))) is Fault.OUTSIDE_ROOT


def test_a_link_that_leads_out_is_refused(source: PhotoSource, root: Path) -> None:
    (root / "link.png").symlink_to(root.parent / "secret.png")
    assert fault_of(source.load("link.png")) is Fault.OUTSIDE_ROOT


def test_a_folder_that_is_a_link_out_is_refused(source: PhotoSource, root: Path) -> None:
    (root / "up").symlink_to(root.parent)
    assert fault_of(source.load("up/secret.png")) is Fault.OUTSIDE_ROOT


def test_a_link_that_stays_inside_is_followed(source: PhotoSource, root: Path) -> None:
    (root / "link.png").symlink_to(root / "2026/cat.png")
    assert isinstance(source.load("link.png"), Photo)


def test_a_link_to_itself_is_unreadable(source: PhotoSource, root: Path) -> None:
    (root / "loop.png").symlink_to(root / "loop.png")
    assert fault_of(source.load("loop.png")) is Fault.FILE_UNREADABLE


def test_a_neighbour_that_shares_the_roots_name_is_outside(root: Path) -> None:
    (root.parent / "media-private").mkdir()
    (root / "link").symlink_to(root.parent / "media-private")
    assert fault_of(PhotoSource(media_root=root).load("link/x.png")) is Fault.OUTSIDE_ROOT


def test_a_file_that_is_not_there_is_tried_again(source: PhotoSource) -> None:
    result = source.load("2026/dog.png")
    assert isinstance(result, Unreadable)
    assert (result.fault, result.retry) == (Fault.FILE_MISSING, True)


def test_a_folder_is_no_photo(source: PhotoSource) -> None:
    assert fault_of(source.load("2026")) is Fault.FILE_UNREADABLE


def test_a_pipe_is_not_waited_for(source: PhotoSource, root: Path) -> None:
    os.mkfifo(root / "pipe.png")
    assert fault_of(source.load("pipe.png")) is Fault.FILE_UNREADABLE


def test_a_file_above_the_limit_is_refused(source: PhotoSource, root: Path) -> None:
    (root / "big.jpg").write_bytes(bytes(50_001))
    assert fault_of(source.load("big.jpg")) is Fault.TOO_MANY_BYTES


def test_an_empty_file_is_tried_again(source: PhotoSource, root: Path) -> None:
    (root / "empty.jpg").touch()
    result = source.load("empty.jpg")
    assert isinstance(result, Unreadable)
    assert (result.fault, result.retry) == (Fault.EMPTY, True)


def test_html_named_jpg_is_not_tried_again(source: PhotoSource, root: Path) -> None:
    (root / "page.jpg").write_text("<html>no photo</html>")
    result = source.load("page.jpg")
    assert isinstance(result, Unreadable)
    assert (result.fault, result.retry) == (Fault.NOT_AN_IMAGE, False)


@pytest.mark.parametrize("reference", ["a\x00b.png", "a\nb.png", "", "   "])
def test_a_name_of_unprintable_characters_is_refused(source: PhotoSource, reference: str) -> None:
    assert fault_of(source.load(reference)) is Fault.BAD_REFERENCE


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "ftp://host/x.png", "data://x", "http://", "gopher://h/"])
def test_another_scheme_is_refused(source: PhotoSource, reference: str) -> None:
    assert fault_of(source.load(reference)) is Fault.BAD_REFERENCE


def test_a_name_beyond_the_file_systems_length_is_unreadable(source: PhotoSource) -> None:
    assert fault_of(source.load("x" * 5000 + ".png")) is Fault.FILE_UNREADABLE


def test_without_a_media_root_files_are_not_read() -> None:
    assert fault_of(PhotoSource().load("cat.png")) is Fault.NO_MEDIA_ROOT


@settings(deadline=None)  # the disk may be slow
@given(st.text(max_size=60))
def test_no_reference_raises(reference: str) -> None:
    assert isinstance(NOWHERE.load(reference), Unreadable)


def test_a_replaced_file_has_another_source_hash(source: PhotoSource, root: Path) -> None:
    before = source.look_at("2026/cat.png")
    Image.new("RGB", (31, 20), "blue").save(root / "2026/cat.png")
    assert source.look_at("2026/cat.png") != before


def test_a_file_that_appears_has_another_source_hash(source: PhotoSource, root: Path) -> None:
    before = source.look_at("new.png")
    (root / "new.png").write_bytes(b"x")
    assert source.look_at("new.png") != before


def test_an_untouched_file_keeps_its_source_hash(source: PhotoSource) -> None:
    assert source.look_at("2026/cat.png") == source.look_at("2026/cat.png")


def test_a_post_without_a_photo_has_no_source_hash(source: PhotoSource) -> None:
    assert source.look_at(None) is None


def test_photos_of_many_batches_come_in_their_order(source: PhotoSource) -> None:
    batches = [["2026/cat.png", "gone.png"], [], ["2026/cat.png"]]
    prepared = list(source.read_ahead(batches, lambda photo: photo.image.mode))
    assert [[type(each) for each in batch] for batch in prepared] == [[str, Unreadable], [], [str]]


def test_no_batches_give_none(source: PhotoSource) -> None:
    assert list(source.read_ahead([], lambda photo: photo.image)) == []


def test_one_batch_is_read_ahead_and_no_more(source: PhotoSource) -> None:
    asked: list[int] = []

    def batches() -> Iterator[list[str]]:
        for number in range(5):
            asked.append(number)
            yield ["2026/cat.png"]

    reading = source.read_ahead(batches(), lambda photo: photo.image.size)
    next(reading)
    assert asked == [0, 1]
