"""Several photos of a post: which are read together, what one vector they give, when they are tried again."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.content.encoding_plan import PostSource
from shared.content.photos.photo_source import PhotoState
from shared.content.photos.unreadable import Fault, Unreadable
from shared.content.post_photos import (
    EncodedPhoto,
    is_partial,
    partial_hash,
    photo_batches,
    soonest,
    state_of,
    vector_of,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@given(counts=st.lists(st.integers(1, 10), max_size=60), size=st.integers(1, 40))
def test_batches_hold_all_posts_in_their_order_and_no_more_photos_than_wanted(counts: list[int], size: int) -> None:
    posts = [PostSource(post_id=str(number), created_at=NOW, source_hash="x") for number in range(len(counts))]
    n_photos = {str(number): count for number, count in enumerate(counts)}
    batches = list(photo_batches(posts, n_photos, size))
    assert [post for batch in batches for post in batch] == posts
    for batch in batches:
        assert len(batch) == 1 or sum(n_photos[post.post_id] for post in batch) <= size
    if set(counts) == {1}:  # as without further photos
        assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)


def test_the_state_of_one_photo_is_its_own() -> None:
    one, other = PhotoState(source_hash="one", is_away=False), PhotoState(source_hash="other", is_away=True)
    assert (state_of([]), state_of([one])) == (None, one)
    both, swapped = state_of([one, other]), state_of([other, one])
    assert both is not None
    assert swapped is not None
    assert (both.is_away, len({both.source_hash, swapped.source_hash, "one", "other"})) == (True, 4)


def test_long_vectors_weigh_no_more_than_short_ones_and_opposites_are_not_nothing() -> None:
    east, north, west = (np.array(way, np.float32) for way in ([9, 0], [0, 1], [-9, 0]))
    photos = [EncodedPhoto(vector, b"") for vector in (east, north)]
    assert vector_of(photos).tolist() == [0.5, 0.5]
    assert vector_of(photos[:1]) is east
    assert vector_of([EncodedPhoto(east, b""), EncodedPhoto(west, b"")]) is east


def test_an_outage_decides_when_the_post_is_tried_again() -> None:
    lasting, passing, outage, away = (
        Unreadable(fault=fault, detail="", may_be_outage=fault in (Fault.TIMED_OUT, Fault.SOURCE_AWAY))
        for fault in (Fault.NOT_AN_IMAGE, Fault.TRUNCATED, Fault.TIMED_OUT, Fault.SOURCE_AWAY)
    )
    assert soonest([lasting, passing]) == 1
    assert soonest([passing, lasting]) == 0
    assert soonest([passing, outage, lasting]) == 1
    assert soonest([outage, passing, away]) == 2


def test_a_partial_vector_is_never_taken_for_that_of_all_photos() -> None:
    assert is_partial(partial_hash("abc"))
    assert not is_partial("abc")
    assert partial_hash("abc") != "abc"
