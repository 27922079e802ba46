"""Callers that arrive during a call share the next one, and stay independent of each other."""

import asyncio
from collections.abc import Sequence

import pytest

from timeline.stores.shared_calls import SharedCalls


class Calls:
    """Records what each call got; the first one ends when it is told to."""

    def __init__(self, *, fails: int | None = None) -> None:
        self.got: list[list[int]] = []
        self.may_end = asyncio.Event()
        self._fails = fails  # the call that raises

    async def __call__(self, items: Sequence[int]) -> None:
        self.got.append([*items])
        await self.may_end.wait()
        if len(self.got) - 1 == self._fails:
            raise OSError(f"call {self._fails}")


async def _begun(shared: SharedCalls[int], *items: int) -> list["asyncio.Task[None]"]:
    """Callers with these items, of whom the first one's call is under way."""
    tasks = [asyncio.create_task(shared.add(item)) for item in items[:1]]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(shared.add(item)) for item in items[1:]]
    await asyncio.sleep(0)
    return tasks


def test_a_queue_of_a_hundred_is_two_calls() -> None:
    async def run() -> list[list[int]]:
        calls = Calls()
        tasks = await _begun(SharedCalls(calls), *range(100))
        calls.may_end.set()
        await asyncio.gather(*tasks)
        return calls.got

    assert asyncio.run(run()) == [[0], [*range(1, 100)]]


@pytest.mark.parametrize(("fails", "failed"), [(0, [0]), (1, [1, 2])])
def test_a_call_that_fails_fails_for_its_own_items(fails: int, failed: list[int]) -> None:
    async def run() -> list[int]:
        calls = Calls(fails=fails)
        tasks = await _begun(SharedCalls(calls), 0, 1, 2)
        calls.may_end.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        return [index for index, outcome in enumerate(outcomes) if isinstance(outcome, OSError)]

    assert asyncio.run(run()) == failed


@pytest.mark.parametrize("gone", [0, 1])
def test_a_caller_that_is_cancelled_changes_nothing_for_the_others(gone: int) -> None:
    async def run() -> tuple[list[list[int]], list[bool]]:
        calls = Calls()
        tasks = await _begun(SharedCalls(calls), 0, 1, 2)
        tasks[gone].cancel()
        calls.may_end.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        return calls.got, [task.cancelled() for task in tasks]

    assert asyncio.run(run()) == ([[0], [1, 2]], [number == gone for number in range(3)])


def test_it_goes_on_after_it_was_idle() -> None:
    async def run() -> list[list[int]]:
        calls = Calls()
        calls.may_end.set()
        shared = SharedCalls(calls)
        await shared.add(1)
        await shared.add(2)
        return calls.got

    assert asyncio.run(run()) == [[1], [2]]
