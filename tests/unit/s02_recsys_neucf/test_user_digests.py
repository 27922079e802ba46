"""A user's number changes when they did something else, and only then."""

import numpy as np
import pytest

from s02_recsys_neucf.user_digests import UserDigests
from shared.event_columns import Events

ROWS = [(7, 1, 1, 10.0), (7, 2, 1, 11.0), (8, 1, 2, 12.0), (-9, 5, 1, 13.0)]  # user, post, kind, at


def events(rows: list[tuple[int, int, int, float]]) -> Events:
    users, posts, kinds, at = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Events(
        user_id_hashes=np.array(users, np.int64), post_id_hashes=np.array(posts, np.int64),
        kinds=np.array(kinds, np.int16), at=np.array(at, np.float64),
    )  # fmt: skip


def changed(before: list[tuple[int, int, int, float]], after: list[tuple[int, int, int, float]]) -> list[int]:
    first, second = (UserDigests.of(events(rows), since=5.0) for rows in (before, after))
    return [int(user) for user in second.changed_from(UserDigests.from_bytes(first.to_bytes()))]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (ROWS[::-1], []),
        ([*ROWS, (7, 3, 1, 6.0)], [7]),
        (ROWS[1:], [7]),
        ([(7, 1, 4, 10.0), *ROWS[1:]], [7]),
        ([*ROWS, (99, 3, 1, 6.0)], [99]),
        (ROWS[:3], [-9]),
        ([*ROWS, (7, 3, 1, 4.0)], []),
        ([], [-9, 7, 8]),
    ],
    ids=["order", "one more", "one less", "another kind", "somebody new", "somebody gone", "too old", "nothing"],
)
def test_those_are_found_who_did_something_else(after: list[tuple[int, int, int, float]], expected: list[int]) -> None:
    assert changed(ROWS, after) == expected


def test_of_nothing_before_everybody_is_new() -> None:
    assert changed([], ROWS) == [-9, 7, 8]
