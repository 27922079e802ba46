"""Copies of a photo come into one cluster, other photos do not; numbers that were given out stay."""

from collections.abc import Callable
from itertools import count

import pytest
from PIL import Image

from shared.content.photos.downscale import brightness_cells
from shared.content.photos.fingerprint import ALONE, FINGERPRINT_BYTES, cluster_alike, fingerprint
from tests.photos import a_photo, brighter, cut, halved, recompressed

COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "compressed hard": lambda photo: recompressed(photo, 20),
    "half as large": halved,
    "cut by a twentieth": lambda photo: cut(photo, 0.05),
    "brighter": lambda photo: brighter(photo, 1.2),
    "turned by a degree": lambda photo: photo.rotate(1, Image.Resampling.BICUBIC),
    "posted again": lambda photo: recompressed(brighter(halved(cut(photo, 0.03)), 1.05), 40),
}


def _clusters(*photos: Image.Image, known: tuple[int | None, ...] = ()) -> list[int]:
    """The cluster of each photo after a comparison; those that are not known yet are new."""
    clusters = [*known, *[None] * (len(photos) - len(known))]
    changes = cluster_alike([fingerprint(brightness_cells(photo)) for photo in photos], clusters, count(100).__next__)
    return [changes.get(index, cluster or ALONE) for index, cluster in enumerate(clusters)]


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES.keys())
def test_a_copy_and_its_photo_are_one_cluster(change: Callable[[Image.Image], Image.Image]) -> None:
    for seed in range(20):
        photo = a_photo(seed)
        assert _clusters(photo, change(photo)) == [100, 100]


def test_two_recompressed_copies_are_one_cluster_among_photos_that_are_not() -> None:
    photo = a_photo(1)
    others = [a_photo(seed) for seed in range(2, 60)]
    clusters = _clusters(recompressed(photo, 25), *others, recompressed(photo, 60))
    assert clusters == [100, *[ALONE] * len(others), 100]


def test_different_photos_are_alone() -> None:
    assert _clusters(*(a_photo(seed) for seed in range(150))) == [ALONE] * 150


def test_photos_that_are_like_a_third_are_one_cluster() -> None:
    photo = a_photo(1, width=400, height=400)
    left, right = photo.crop((0, 0, 384, 400)), photo.crop((16, 0, 400, 400))
    far_left, far_right = photo.crop((0, 0, 360, 400)), photo.crop((40, 0, 400, 400))
    assert _clusters(far_left, far_right) == [ALONE, ALONE]
    assert _clusters(far_left, left, photo, right, far_right) == [100] * 5


def test_a_new_copy_gets_the_number_that_is_there() -> None:
    photo, other = a_photo(1), a_photo(2)
    assert _clusters(photo, recompressed(photo), other, recompressed(photo, 50), known=(7, 7, ALONE)) == [7, 7, 0, 7]


def test_a_photo_that_was_alone_gets_a_number_with_its_first_copy() -> None:
    assert _clusters(a_photo(1), a_photo(2), recompressed(a_photo(2)), known=(ALONE, ALONE)) == [ALONE, 100, 100]


def test_clusters_that_a_new_photo_links_take_the_lower_number() -> None:
    photo = a_photo(1)
    assert _clusters(photo, recompressed(photo), recompressed(photo, 50), known=(9, 4)) == [4, 4, 4]


def test_nothing_changes_without_new_photos() -> None:
    prints = [fingerprint(brightness_cells(a_photo(1))), fingerprint(brightness_cells(recompressed(a_photo(1))))]
    assert cluster_alike(prints, [ALONE, ALONE], count().__next__) == {}


def test_a_photo_of_one_tone_is_like_no_other() -> None:
    tone = Image.new("RGB", (100, 80), (200, 180, 20))
    assert fingerprint(brightness_cells(tone)) == bytes(FINGERPRINT_BYTES)
    assert _clusters(tone, tone, recompressed(tone)) == [ALONE] * 3


def test_many_copies_of_one_photo_are_one_cluster() -> None:
    print_ = fingerprint(brightness_cells(a_photo(1)))
    assert set(cluster_alike([print_] * 2_000, [None] * 2_000, count(5).__next__).values()) == {5}
