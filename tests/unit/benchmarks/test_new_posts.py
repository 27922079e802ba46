"""The benchmark of new posts: what counts as met, and when too few are."""

from collections import Counter

import pytest

from benchmarks.new_posts.__main__ import bound_of, rows_of
from benchmarks.new_posts.ask import FirstPages
from benchmarks.new_posts.world import Size
from shared.domain import Phase
from shared.settings import NewPostSettings

SIZE = Size(users=50, posts=100, events=10, new=20)
SETTINGS = NewPostSettings()


def _met(reached: int) -> FirstPages:
    """So many posts stand in just enough lists, one more in one too few, the others in none."""
    enough = SETTINGS.new_post_viewers
    lists = Counter({f"new{number}": enough for number in range(reached)}) + Counter({f"new{reached}": enough - 1})
    return FirstPages(phase=Phase.HEURISTIC, lists=lists, sources=Counter({"heuristic": 50}), degraded=2)


def test_a_post_counts_from_enough_lists_on() -> None:
    rows = {row.metric: row.value for row in rows_of(_met(10), SIZE, SETTINGS)}
    assert rows[f"in {SETTINGS.new_post_viewers} lists or more"] == pytest.approx(0.5)
    assert (rows["lists, least"], rows["pages from heuristic"], rows["pages degraded"]) == (0, 50, 2)


def test_all_but_one_in_twenty_must_be_met() -> None:
    assert bound_of(_met(19), SIZE, SETTINGS).holds
    assert not bound_of(_met(18), SIZE, SETTINGS).holds
