"""Writes to Redis for the backend: after one that hangs no other waits; what fails at once is tried each time."""

import asyncio
from collections.abc import Callable

import pytest

from shared.errors import StoreHangs, StoreUnavailable
from timeline.stores.redis_writes import RedisWrites
from timeline.stores.worker_threads import WorkerThreads

THREADS = 2


class Failing:
    """A write that fails in one way, and counts how often it was tried."""

    def __init__(self, error: StoreUnavailable) -> None:
        self.error, self.times = error, 0

    def __call__(self) -> None:
        self.times += 1
        raise self.error


def _outcomes(write: Callable[[], None], *, times: int, writes: RedisWrites | None = None) -> list[object]:
    """What becomes of so many writes at once, in two threads."""

    async def run() -> list[object]:
        threads, asked = WorkerThreads("test", threads=THREADS), writes or RedisWrites()
        found = await asyncio.gather(*(asked.run(threads, write) for _ in range(times)), return_exceptions=True)
        threads.close()
        return [*found]

    return asyncio.run(run())


def test_of_a_hundred_at_once_only_those_wait_that_have_a_thread() -> None:
    write = Failing(StoreHangs("no answer"))
    assert all(isinstance(outcome, StoreUnavailable) for outcome in _outcomes(write, times=100))
    assert write.times <= THREADS


def test_it_is_asked_again_after_a_background_check_had_an_answer() -> None:
    write, writes = Failing(StoreHangs("no answer")), RedisWrites()
    for _ in range(3):
        _outcomes(write, times=1, writes=writes)
    assert write.times == 1
    writes.note_answer()
    assert _outcomes(lambda: None, times=2, writes=writes) == [None, None]


@pytest.mark.parametrize(("error", "told"), [(StoreHangs("no answer"), 1), (StoreUnavailable("refused"), 0)])
def test_the_background_check_is_asked_to_look_at_one_that_hangs(error: StoreUnavailable, told: int) -> None:
    writes, looks = RedisWrites(), list[None]()
    writes.on_hang = lambda: looks.append(None)
    _outcomes(Failing(error), times=3 if told == 0 else 1, writes=writes)
    assert len(looks) == told


def test_a_refusal_costs_no_time_and_is_tried_each_time() -> None:
    write = Failing(StoreUnavailable("READONLY"))
    _outcomes(write, times=5)
    assert write.times == 5
