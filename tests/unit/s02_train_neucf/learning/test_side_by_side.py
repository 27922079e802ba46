"""Fits side by side, reported as if they ran one after another; and without processes nothing begins by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from s02_train_neucf.learning.side_by_side import ALONE, Pending, Shared, Workers, begin_side_by_side, run_side_by_side


def fit(number: int) -> Callable[[Callable[[Any], None]], int]:
    def work(on_message: Callable[[Any], None]) -> int:
        on_message(f"begin {number}")
        on_message(f"end {number}")
        return number

    return work


class LastFirst(Workers):
    """Does all work when the first result is asked for, the last unit first."""

    count = 2

    def __init__(self) -> None:
        self.waiting = list[Any]()
        self.forgotten = list[Shared[Any]]()

    def forget(self, shared: Shared[Any]) -> None:
        self.forgotten.append(shared)

    def submit(self, work: Any, shared: Shared[Any], **options: Any) -> Pending[Any]:
        unit = Unit(self, lambda: work(shared.value, options["on_message"]))
        self.waiting.append(unit)
        return unit


class Unit:
    def __init__(self, workers: LastFirst, do: Callable[[], Any]) -> None:
        self.workers, self.do, self.found = workers, do, None

    def result(self) -> Any:
        while self.workers.waiting:
            unit = self.workers.waiting.pop()
            unit.found = unit.do()
        return self.found


@pytest.mark.parametrize("workers", [ALONE, LastFirst()])
def test_results_and_messages_are_in_the_order_of_the_fits(workers: Workers) -> None:
    got = list[str]()
    assert run_side_by_side([fit(1), fit(2), fit(3)], workers, got.append) == [1, 2, 3]
    assert got == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]


def test_what_the_fits_share_is_freed_after_the_last_one() -> None:
    workers = LastFirst()
    under_way = begin_side_by_side([fit(1)], workers, lambda _: None)
    assert workers.forgotten == []
    under_way.results()
    assert len(workers.forgotten) == 1


def test_alone_nothing_happens_before_it_is_asked_for() -> None:
    got = list[str]()
    under_way = begin_side_by_side([fit(1)], ALONE, got.append)
    assert got == []
    assert under_way.results() == [1]
