"""One connection that all pages of a process share: what they ask in one turn of the loop travels together.

A client with a pool pays two system calls and a dozen coroutines for each command; here they are paid for all requests
that are under way at once. Answers come in the order of the commands, so a command that nobody waits for any more
just has its answer dropped.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import hiredis
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError

from shared.ranked_lists import scripts
from shared.ranked_lists.clients import connect_async

Command = tuple[str | bytes | int, ...]
UNKNOWN_SCRIPT = "NOSCRIPT"
LOOKS = 2  # in a row at the same unanswered command, after which the connection counts as dead


class Wire(asyncio.Protocol):
    """Asks Redis over one connection, which is made when it is needed, and again after it broke."""

    def __init__(self, url: str, *, patience: timedelta) -> None:
        """
        Args:
            url: Redis' address.
            patience: a connection that leaves a command unanswered for longer is given up.
        """
        self._client = connect_async(url, budget=patience)
        self._seconds = patience.total_seconds()
        self._connection: Any = None
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[asyncio.Future[list[object]], int]] = deque()  # who waits, for how many answers
        self._answers: list[object] = []  # of the first who waits, as far as they are here
        self._out: list[bytes] = []
        self._answered = 0  # commands since the connection was made
        self._is_watched = False

    async def ask(self, *commands: Command) -> list[object]:
        """The answers to some commands, which are sent together.

        A script that Redis does not know (it restarted, or never met it) is sent again with its text.

        Raises:
            redis.exceptions.RedisError: no connection, one that broke, or a command that was refused.
        """
        answers = await self._exchange(commands)
        for place, answer in enumerate(answers):
            if isinstance(answer, hiredis.ReplyError):
                if not str(answer).startswith(UNKNOWN_SCRIPT):
                    raise ResponseError(str(answer))
                (answers[place],) = await self.ask(_with_text(commands[place]))
        return answers

    async def _exchange(self, commands: Sequence[Command]) -> list[object]:
        if self._transport is None:
            await self._connected()
        loop = asyncio.get_running_loop()
        answers: asyncio.Future[list[object]] = loop.create_future()
        if not self._out:
            loop.call_soon(self._flush)
        self._out += [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type]  # of any length
        self._waiting.append((answers, len(commands)))
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(self._seconds / LOOKS, self._watch, self._transport, self._answered, 0)
        return await answers

    async def close(self) -> None:
        """Give the connection up."""
        self._drop(Disconnected("closed"))
        if self._connecting is not None:
            self._connecting.cancel()
        await self._client.aclose()

    def data_received(self, data: bytes) -> None:
        """Hand out the answers."""
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not False:
                self._take(answer)
        except (hiredis.ProtocolError, IndexError) as error:  # answers that nobody asked for
            self._drop(Disconnected(f"no answer of Redis: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection broke."""
        self._drop(Disconnected(str(exc) if exc else "Redis closed the connection"))

    def _take(self, answer: object) -> None:
        self._answered += 1
        self._answers.append(answer)
        waiting, count = self._waiting[0]
        if len(self._answers) < count:
            return
        answers, self._answers = self._answers, []
        self._waiting.popleft()
        if not waiting.done():  # not called away meanwhile
            waiting.set_result(answers)

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None:
            self._transport.write(b"".join(out))

    def _watch(self, transport: asyncio.Transport | None, answered: int, unmoved: int) -> None:
        """Give up a connection on which nothing moved; between two looks the process reads what has come."""
        self._is_watched = False
        if transport is not self._transport or not self._waiting:
            return
        unmoved = unmoved + 1 if answered == self._answered else 0
        if unmoved >= LOOKS:
            self._drop(Disconnected(f"no answer within {self._seconds:.3f} s"))
            return
        self._is_watched = True
        again = asyncio.get_running_loop()
        again.call_later(self._seconds / LOOKS, self._watch, transport, self._answered, unmoved)

    async def _connected(self) -> None:
        """Wait for the connection; whoever is called away meanwhile does not end it for the others."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._no_longer_connecting)
        await asyncio.shield(self._connecting)

    async def _connect(self) -> None:
        # The client's own connection does what an address asks for (TLS, sockets, passwords, databases); its transport
        # is ours from then on. It is kept, for it closes the transport when it is forgotten.
        connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        transport = cast(asyncio.Transport, connection._writer.transport)
        transport.set_protocol(self)
        self._connection = connection
        self._reader, self._answers, self._out, self._answered = hiredis.Reader(), [], [], 0
        self._transport = transport

    def _no_longer_connecting(self, task: "asyncio.Task[None]") -> None:
        self._connecting = None
        if not task.cancelled():
            task.exception()  # whoever still waits is told

    def _drop(self, error: Exception) -> None:
        """End the connection; nobody waits for it any more."""
        transport, self._transport = self._transport, None
        waiting: Sequence[tuple[asyncio.Future[list[object]], int]] = tuple(self._waiting)
        self._waiting.clear()
        self._answers, self._out = [], []
        if transport is not None:
            transport.abort()
            self._connection._close()
        for each, _ in waiting:
            if not each.done():
                each.set_exception(error)


def _with_text(command: Command) -> Command:
    _, digest, *rest = command
    return ("EVAL", scripts.TEXTS[str(digest)], *rest)
