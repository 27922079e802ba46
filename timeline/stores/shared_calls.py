"""Lets callers that arrive during a call share the next one: however many there are, each waits for two calls."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class SharedCalls(Generic[ItemT]):
    """Calls a function with all items that came since its last call began; one call at a time."""

    def __init__(self, call: Callable[[Sequence[ItemT]], Awaitable[None]]) -> None:
        """
        Args:
            call: gets the items in the order of their arrival, at least one.
        """
        self._call = call
        self._waiting: list[tuple[ItemT, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: ItemT) -> None:
        """Wait until a call with this item has ended. A caller that is cancelled changes nothing for the others.

        Raises:
            Exception: what the call raised, for each of its items.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._call_until_none_waits())
        await answer

    async def _call_until_none_waits(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            error = await self._error_of([item for item, _ in group])
            for _, answer in group:
                if answer.done():  # cancelled
                    continue
                if error is None:
                    answer.set_result(None)
                else:
                    answer.set_exception(error)

    async def _error_of(self, items: Sequence[ItemT]) -> Exception | None:
        try:
            await self._call(items)
        except Exception as error:
            return error
        return None
