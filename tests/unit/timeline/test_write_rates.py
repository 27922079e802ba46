"""The rate of users' own writes: exact for one user, common to processes, and bounded in memory."""

import os
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline.write_rates import CELLS, WriteRates


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def admitted(rates: WriteRates, user: str, writes: int = 1, *, per_minute: int = 60, burst: int = 60) -> bool:
    return rates.wait(user, writes, per_minute=per_minute, burst=burst) == 0


def test_after_a_rest_a_user_may_write_as_much_at_once_as_in_a_minute() -> None:
    clock = Clock()
    rates = WriteRates(clock)
    assert [admitted(rates, "ann") for _ in range(61)] == [True] * 60 + [False]
    clock.now += 1.001
    assert [admitted(rates, "ann") for _ in range(2)] == [True, False]


def test_what_is_refused_is_not_counted_and_may_be_tried_again_after_the_wait() -> None:
    clock = Clock()
    rates = WriteRates(clock)
    assert admitted(rates, "ann", 50)
    wait = rates.wait("ann", 50, per_minute=60, burst=60)
    assert wait == pytest.approx(40)
    assert rates.wait("ann", 50, per_minute=60, burst=60) == pytest.approx(40)
    clock.now += wait + 0.001
    assert admitted(rates, "ann", 50)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 20)), max_size=60))
def test_in_no_span_of_time_more_is_admitted_than_burst_and_rate_allow(steps: Sequence[tuple[float, int]]) -> None:
    clock = Clock()
    rates = WriteRates(clock)
    done: list[tuple[float, int]] = []
    for pause, writes in steps:
        clock.now += pause
        if admitted(rates, "ann", writes, per_minute=30, burst=40):
            done.append((clock.now, writes))
    for first, (since, _) in enumerate(done):
        total = 0
        for at, writes in done[first:]:
            total += writes
            assert total <= 40 + (at - since) * 30 / 60 + 1e-6


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=200))
def test_others_do_not_use_up_a_users_rate(others: set[str]) -> None:
    rates = WriteRates(Clock())
    for other in others - {"ann"}:
        assert admitted(rates, other, 60)
    assert admitted(rates, "ann", 60)


def test_processes_that_parted_count_together() -> None:
    rates = WriteRates()
    child = os.fork()
    if not child:
        os._exit(0 if admitted(rates, "ann", 60) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not admitted(rates, "ann", 60)


def test_memory_does_not_grow_with_users() -> None:
    rates = WriteRates(Clock())
    for number in range(20_000):
        rates.wait(f"user{number}", 1, per_minute=60, burst=60)
    assert len(rates._empty_at) == CELLS
