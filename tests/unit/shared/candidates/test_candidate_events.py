"""Events lined up with candidates, and the latest of each combination: against what sorting by all columns gives."""

import numpy as np
import numpy.typing as npt
import pytest

from shared.candidates.candidate_events import candidate_events_of
from shared.candidates.columns import latest_of_each
from shared.db.bulk import Posts
from shared.distinct import distinct
from shared.event_columns import Events

POSTS = Posts(
    ids=["p1", "p2", "p3"],
    author_ids=["ann", "ben", "ann"],
    id_hashes=np.array([30, 10, 20]),
    author_id_hashes=np.array([-7, 5, -7]),
    created_at=np.array([3.0, 2.0, 1.0]),
)


def _events(*rows: tuple[int, int, int, float]) -> Events:
    users, posts, kinds, at = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Events(
        user_id_hashes=np.array(users, np.int64),
        post_id_hashes=np.array(posts, np.int64),
        kinds=np.array(kinds, np.int16),
        at=np.array(at, np.float64),
    )


def test_events_on_candidates_come_in_the_order_of_time_and_at_equal_times_of_posts() -> None:
    candidate_events = candidate_events_of(
        POSTS, _events((5, 20, 1, 9.0), (-7, 99, 1, 1.0), (-7, 20, 0, 4.0), (5, 30, 2, 4.0), (-7, 10, 3, 4.0))
    )
    assert candidate_events.posts.tolist() == [0, 1, 2, 2]
    assert candidate_events.user_id_hashes[candidate_events.users].tolist() == [5, -7, -7, 5]
    assert candidate_events.kinds.tolist() == [2, 3, 0, 1]
    assert candidate_events.by_others.tolist() == [True, True, False, True]


def test_what_is_lined_up_stays_as_it_is() -> None:
    candidate_events = candidate_events_of(POSTS, _events((5, 20, 1, 9.0)))
    assert candidate_events_of(POSTS, candidate_events) is candidate_events


def test_nothing_meets_nothing() -> None:
    assert len(candidate_events_of(POSTS, _events())) == 0
    assert len(candidate_events_of(POSTS, _events((5, 99, 1, 9.0)))) == 0


@pytest.mark.parametrize("largest", [9, 1 << 40])  # small numbers take the quick way, large ones the other
@pytest.mark.parametrize("in_order", [True, False])
def test_the_latest_of_each_combination_is_that_of_a_plain_search(largest: int, *, in_order: bool) -> None:
    chance = np.random.default_rng(1)
    first, second = chance.integers(0, 9, 500), chance.integers(0, 4, 500).astype(np.int16)
    first = np.where(first == 8, largest, first)
    at = chance.integers(0, 50, 500).astype(np.float64)  # many equal times: of those the later row counts
    at = np.sort(at) if in_order else at
    assert latest_of_each(first, second, at=at).tolist() == _plain(first, second, at)


def test_columns_below_zero_are_told_apart_too() -> None:
    column, at = np.array([-1, 0, -1, 0]), np.arange(4.0)
    assert latest_of_each(column, at=at).tolist() == [2, 3]


def test_distinct_values_ascend() -> None:
    assert distinct(np.array([3, 1, 3, -2])).tolist() == [-2, 1, 3]
    assert distinct(np.empty(0, np.int64)).tolist() == []


def _plain(first: npt.NDArray[np.int64], second: npt.NDArray[np.int16], at: npt.NDArray[np.float64]) -> list[int]:
    latest: dict[tuple[int, int], int] = {}
    for row, pair in enumerate(zip(second.tolist(), first.tolist(), strict=True)):
        if pair not in latest or at[row] >= at[latest[pair]]:
            latest[pair] = row
    return [latest[pair] for pair in sorted(latest)]
