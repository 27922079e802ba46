"""How many requests of a kind are admitted, by all processes together."""

from dataclasses import dataclass

from shared.signing import SigningKeys
from timeline.shared_cells import SharedCells
from timeline.stores.rate_limit import RateLimit
from timeline.worker import Worker


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock, n: int, per_minute: float) -> list[RateLimit]:
    cells = SharedCells(n)
    keys = SigningKeys(current=b"x" * 32)
    workers = [Worker(index=index, cells=cells, keys=keys) for index in range(n)]
    return [RateLimit(worker, per_minute=per_minute, now=clock) for worker in workers]


def test_the_bound_holds_for_all_processes_together() -> None:
    clock = Clock(1_000.0)
    several = limits(clock, 3, per_minute=60)
    admitted = [limit.admit() == 0 for _ in range(10) for limit in several]
    assert sum(admitted) == 10


def test_who_is_refused_is_told_when_to_try_again() -> None:
    clock = Clock(1_003.5)
    (limit,) = limits(clock, 1, per_minute=6)
    assert limit.admit() == 0
    wait = limit.admit()
    assert 1 <= wait <= 10
    clock.now += wait
    assert limit.admit() == 0


def test_a_process_that_ended_holds_nothing_back() -> None:
    clock = Clock()
    first, second = limits(clock, 2, per_minute=6)
    assert first.admit() == 0
    assert second.admit() > 0
    clock.now += 10
    assert second.admit() == 0
