"""Places for posts of followed authors in a small world, and what must hold for any list."""

from collections.abc import Sequence
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.candidates.asked_for import AskedFor, Strengths
from shared.candidates.followed import FollowedPosts, mixed, newest_of_authors
from shared.db.viewers_say import Wish
from shared.domain import Reason
from shared.eligibility import Viewer
from shared.preferences.rules import NO_RULES
from shared.ranked_lists import codec
from shared.ranked_lists.codec_columns import entries_of, pack_posts

# Candidates by index, newest first: their numbers, ages in hours, and authors. The user follows authors 0 and 2.
NUMBERS = np.array([10, 20, 30, 40, 50, 60, 70, 80], np.uint32)
AGES = np.arange(8.0)
AUTHOR_OF = [0, 1, 0, 1, 2, 1, 1, 0]
HASHES = [1000, 1001, 1002]
NOTHING_WITHHELD = Viewer()


def followed(viewer: Viewer = NOTHING_WITHHELD, *, share: float = 0.25) -> FollowedPosts:
    return FollowedPosts(
        share=share,
        post_numbers=NUMBERS,
        age_hours=AGES,
        author_hashes=HASHES,
        posts_of=lambda author: np.flatnonzero(np.array(AUTHOR_OF) == author),
        authors_of=lambda user: {"ann": [0, 2]}.get(user, []),
        viewer_of=lambda _: viewer,
    )


def packed(numbers: Sequence[int]) -> bytes:
    scores = np.arange(len(numbers), 0, -1) / 8
    return entries_of(pack_posts(numbers, np.full(len(numbers), Reason.POPULAR)), scores).tobytes()


def listed(posts: FollowedPosts, ranked: Sequence[int], *, user: str = "ann", asked: AskedFor | None = None) -> bytes:
    return posts.listed(user, packed(ranked), length=len(ranked), asked=asked)


def shown(entries: bytes) -> list[tuple[int, str, float]]:
    return [codec.entry_at(entries, index) for index in range(codec.length_of(entries))]


def numbers_in(entries: bytes) -> list[int]:
    return codec.post_numbers_of(entries)


# --- in the small world -----------------------------------------------------------------------------------------------


def test_every_fourth_place_is_for_the_newest_post_of_a_followed_author() -> None:
    found = shown(listed(followed(), [20, 40, 60, 70]))
    assert found == [(20, "popular", 0.5), (40, "popular", 0.375), (60, "popular", 0.25), (10, "following", 0.125)]


def test_a_post_that_the_ranker_put_first_counts_and_keeps_its_reason() -> None:
    ranked = [20, 30, 40, 60]
    assert listed(followed(), ranked) == packed(ranked)


def test_a_post_from_further_down_is_moved_up_with_its_own_score() -> None:
    found = shown(listed(followed(share=0.5), [20, 40, 60, 10]))
    assert found == [(20, "popular", 0.5), (10, "following", 0.125), (40, "popular", 0.375), (50, "following", 0.125)]


def test_who_follows_nobody_and_who_has_no_list_are_left_as_they_are() -> None:
    assert listed(followed(), [20, 40, 60, 70], user="ben") == packed([20, 40, 60, 70])
    assert followed().listed("ann", b"", length=4, asked=None) == b""


def test_what_is_withheld_or_was_seen_is_not_put_in() -> None:
    for viewer, first in (
        (Viewer(hidden_authors=frozenset({1000})), 50),
        (Viewer(hidden_posts=frozenset({10})), 30),
        (Viewer(seen_posts=[10, 50]), 30),
    ):
        assert numbers_in(listed(followed(viewer), [20, 40, 60, 70]))[-1] == first
    nothing = Viewer(hidden_authors=frozenset({1000, 1002}))
    assert listed(followed(nothing), [20, 40, 60, 70]) == packed([20, 40, 60, 70])


def test_of_what_less_was_asked_nothing_is_put_in() -> None:
    less = {"ann": [Wish(-1.0, "author", "zero")]}
    of_zero = Strengths(np.flatnonzero(np.array(AUTHOR_OF) == 0), np.ones(3))
    asked = AskedFor(
        sorted_numbers=NUMBERS, indices=np.arange(8), wishes=less, rules={"ann": NO_RULES},
        strength_of=lambda *_: of_zero, withheld_by=lambda _: np.zeros(8, np.bool_),
    )  # fmt: skip
    assert numbers_in(listed(followed(), [20, 40, 60, 70], asked=asked))[-1] == 50


def test_an_author_of_many_posts_does_not_come_before_all_others() -> None:
    age_hours = np.array([0.1, 0.2, 0.3, 0.4, 1.5, 20.0])
    order = newest_of_authors(age_hours, np.array([7, 7, 7, 7, 8, 9]))
    assert order.tolist() == [0, 1, 4, 2, 3, 5]


# --- for any list -----------------------------------------------------------------------------------------------------

POSTS = st.lists(st.integers(0, 60), unique=True, max_size=40)


@given(ranked=POSTS, followers=POSTS, share=st.floats(0.0, 0.5), length=st.integers(1, 50))
def test_the_share_is_reached_and_the_order_of_the_ranker_stays(
    ranked: list[int], followers: list[int], share: float, length: int
) -> None:
    found, put_in = mixed(ranked, followers, share=share, length=length)
    assert len(found) == len(set(found)) <= length
    assert set(found) <= {*ranked, *followers}
    assert put_in <= set(followers)
    rest = [post for post in found if post not in put_in]
    assert rest == [post for post in ranked if post not in put_in][: len(rest)]
    assert [post for post in found if post in put_in] == [post for post in followers if post in put_in]
    for place in range(1, len(found) + 1):
        wanted = floor(place * share)
        first = found[:place]
        assert len(put_in.intersection(first)) <= wanted + 1e-9 + (place * share - wanted > 1 - 1e-6)
        assert len({*followers}.intersection(first)) >= min(wanted, len(followers))


@given(ranked=POSTS, length=st.integers(1, 50), share=st.floats(0.0, 0.5))
def test_without_posts_of_followed_authors_nothing_changes(ranked: list[int], length: int, share: float) -> None:
    assert mixed(ranked, [], share=share, length=length) == (ranked[:length], set())
    assert mixed(ranked, ranked, share=0.0, length=length) == (ranked[:length], set())
