"""Who may be shown what."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import author_hash
from shared.eligibility import Viewer, hidden_authors, is_published, may_show, may_show_all
from shared.operations.safety import withheld_authors

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_user_never_sees_their_own_posts() -> None:
    assert author_hash("ann") in hidden_authors("ann", [])


def test_a_user_does_not_see_whom_they_block() -> None:
    assert author_hash("dan") in hidden_authors("ann", [("ann", "dan")])


def test_a_user_does_not_see_who_blocks_them() -> None:
    assert author_hash("ann") in hidden_authors("dan", [("ann", "dan")])


def test_a_block_between_others_hides_nobody() -> None:
    assert hidden_authors("ben", [("ann", "dan")]) == {author_hash("ben")}


def test_a_user_who_blocks_themselves_changes_nothing() -> None:
    assert hidden_authors("ann", [("ann", "ann")]) == {author_hash("ann")}


def test_a_block_is_known_to_both_sides() -> None:
    expected = {"ann": frozenset({author_hash("dan")}), "dan": frozenset({author_hash("ann")})}
    assert withheld_authors([("ann", "dan")], ()) == expected


def test_a_mute_is_known_to_who_muted_alone() -> None:
    assert withheld_authors((), [("ann", "dan")]) == {"ann": frozenset({author_hash("dan")})}


def test_a_post_of_a_hidden_author_may_not_be_shown() -> None:
    assert not may_show(Viewer(hidden_authors=frozenset({5})), post_number=1, author=5)


def test_a_hidden_post_may_not_be_shown() -> None:
    assert not may_show(Viewer(hidden_posts=frozenset({1})), post_number=1, author=5)


def test_a_seen_post_may_be_shown_again() -> None:
    assert may_show(Viewer(seen_posts=frozenset({1})), post_number=1, author=5)


def test_a_row_is_not_taken_for_an_author() -> None:
    assert may_show(Viewer(hidden_authors=frozenset({1}), hidden_posts=frozenset({5})), post_number=1, author=5)


@pytest.mark.parametrize(
    ("ahead", "shown"),
    [
        (timedelta(minutes=-1), True),
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=5.1), False),
    ],
)
def test_a_post_is_published_up_to_five_minutes_ahead(ahead: timedelta, shown: bool) -> None:
    assert is_published(NOW + ahead, None, NOW) is shown


def test_a_deleted_post_is_not_published() -> None:
    assert not is_published(NOW - timedelta(days=1), NOW, NOW)


KEYS = st.frozensets(st.integers(0, 6), max_size=4)


@given(KEYS, KEYS, st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=5))
def test_all_may_be_shown_when_each_may(
    authors: frozenset[int], post_numbers: frozenset[int], posts: list[tuple[int, int]]
) -> None:
    viewer = Viewer(hidden_authors=authors, hidden_posts=post_numbers)
    at_once = may_show_all(
        viewer, post_numbers=[post_number for post_number, _ in posts], authors=[author for _, author in posts]
    )
    assert at_once == all(may_show(viewer, post_number=post_number, author=author) for post_number, author in posts)
