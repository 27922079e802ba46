"""One connection that all pages of a process share: what they ask in one turn of the loop travels together.

A client with a pool pays two system calls and a dozen coroutines for each command; here they are paid for all requests
that are under way at once. Answers come in the order of the commands, so a command that nobody waits for any more
just has its answer dropped.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import hiredis
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError

from shared.ranked_lists import scripts
from shared.ranked_lists.clients import connect_async

Command = tuple[str | bytes | int, ...]
Answers = asyncio.Future[list[object]]
NEVER = float("inf")
UNKNOWN_SCRIPT = "NOSCRIPT"
# The last part of what a command may take begins when the process gets to it: where other processes kept this one from
# its processor, the answer is there by then and is read, instead of being counted as none.
LAST_WORD = 0.2
TOGETHER = 8  # commands are not held back for more: Redis is at work on them while this process makes the next ones
LOOKS = 2  # in a row at the same unanswered command, after which the connection counts as dead


class Wire:
    """Asks Redis over one connection, which is made when it is needed, and again after it broke."""

    def __init__(self, url: str, *, patience: timedelta, on_connect: Callable[[], None] = lambda: None) -> None:
        """
        Args:
            url: Redis' address.
            patience: a connection that leaves a command unanswered for longer is given up.
            on_connect: told of each new connection, before anything is asked over it.
        """
        self._on_connect = on_connect
        self._client = connect_async(url, budget=patience)
        self._seconds = patience.total_seconds()
        self._line: _Line | None = None
        self._connecting: asyncio.Task[None] | None = None

    async def ask(self, *commands: Command, within: float | None = None) -> list[object]:
        """The answers to some commands, which are sent together.

        A script that Redis does not know (it restarted, or never met it) is sent again with its text.

        Args:
            commands: name and arguments of each.
            within: seconds to wait; None: until the connection is given up.

        Raises:
            redis.exceptions.RedisError: no connection, one that broke, or a command that was refused.
            TimeoutError: no answer in time.
        """
        line = self._line
        if line is None or line.is_over:
            async with asyncio.timeout(within):
                line = await self._open_line()
        answers = await line.send(commands, NEVER if within is None else within)
        for place, answer in enumerate(answers):
            if isinstance(answer, hiredis.ReplyError):
                if not str(answer).startswith(UNKNOWN_SCRIPT):
                    raise ResponseError(str(answer))
                (answers[place],) = await self.ask(_with_text(commands[place]), within=within)
        return answers

    async def close(self) -> None:
        """Give the connection up."""
        if self._connecting is not None:
            self._connecting.cancel()
            # A cancellation that comes together with Redis' greeting is lost on the way: then there is a line.
            await asyncio.wait([self._connecting], timeout=self._seconds)
        if self._line is not None:
            self._line.drop(Disconnected("closed"))
        await self._client.aclose()

    async def _open_line(self) -> "_Line":
        while self._line is None or self._line.is_over:
            await self._connected()
        return self._line

    async def _connected(self) -> None:
        """Wait for the connection; whoever is called away meanwhile does not end it for the others."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._no_longer_connecting)
        await asyncio.shield(self._connecting)

    async def _connect(self) -> None:
        # The client's own connection does what an address asks for (TLS, sockets, passwords, databases); its transport
        # is ours from then on.
        connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()
        except asyncio.CancelledError:  # any other end closes it itself
            await connection.disconnect(nowait=True)
            raise
        self._on_connect()
        self._line = _Line(connection, seconds=self._seconds)

    def _no_longer_connecting(self, task: "asyncio.Task[None]") -> None:
        self._connecting = None
        if not task.cancelled():
            task.exception()  # whoever still waits is told


class _Line(asyncio.Protocol):
    """One connection, from when it stands to when it breaks; its answers can never be another connection's."""

    def __init__(self, connection: Any, *, seconds: float) -> None:
        self._connection = connection  # kept, for it closes the transport when it is forgotten
        self._transport = cast(asyncio.Transport, connection._writer.transport)
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._reader = hiredis.Reader()
        # Who waits, for how many answers, until when, and how long their last word is.
        self._waiting: deque[tuple[Answers, int, float, float]] = deque()
        self._next_look = NEVER  # at those who have waited long enough
        self._look: asyncio.TimerHandle | None = None
        self._answers: list[object] = []  # of the first who waits, as far as they are here
        self._out: list[bytes] = []
        self._answered = 0  # commands
        self._is_watched = False
        self.is_over = False
        self._transport.set_protocol(self)

    def send(self, commands: Sequence[Command], seconds: float) -> Answers:
        """Send some commands by the end of this turn of the loop; gives what will be their answers, or the error."""
        answers: Answers = self._loop.create_future()
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out += [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type]  # of any length
        if len(self._out) >= TOGETHER:
            self._flush()
        due, last_word = self._loop.time() + seconds * (1 - LAST_WORD), seconds * LAST_WORD
        self._waiting.append((answers, len(commands), due, last_word))
        if due < self._next_look:  # one timer for all who wait: one for each would cost more than the commands
            self._look_at(due)
        if not self._is_watched:
            self._is_watched = True
            self._loop.call_later(self._seconds / LOOKS, self._watch, self._answered, 0)
        return answers

    def data_received(self, data: bytes) -> None:
        """Hand out the answers."""
        self._reader.feed(data)
        try:
            while not self.is_over and (answer := self._reader.gets()) is not False:
                self._take(answer)
        except (hiredis.ProtocolError, IndexError) as error:  # answers that nobody asked for
            self.drop(Disconnected(f"no answer of Redis: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection broke."""
        self.drop(Disconnected(str(exc) if exc else "Redis closed the connection"))

    def drop(self, error: Exception) -> None:
        """End the connection; nobody waits for it any more."""
        self.is_over = True
        self._transport.abort()
        self._connection._close()
        self._out = []
        if self._look is not None:
            self._look.cancel()
        while self._waiting:
            answers, *_ = self._waiting.popleft()
            if not answers.done():
                answers.set_exception(error)

    def _take(self, answer: object) -> None:
        waiting, count, _, _ = self._waiting[0]
        self._answered += 1
        self._answers.append(answer)
        if len(self._answers) == count:
            self._waiting.popleft()
            if not waiting.done():  # not called away meanwhile
                waiting.set_result(self._answers)
            self._answers = []

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out and not self.is_over:
            self._transport.write(b"".join(out))

    def _look_at(self, due: float) -> None:
        if self._look is not None:
            self._look.cancel()
        self._next_look, self._look = due, self._loop.call_at(due, self._warn)

    def _warn(self) -> None:
        """Those who are due have their last word, from now on."""
        now = self._loop.time()
        last_word = max((word for _, _, due, word in self._waiting if due <= now), default=0.0)
        self._next_look, self._look = now, self._loop.call_later(last_word, self._end, now)

    def _end(self, before: float) -> None:
        """Those who were due before that wait no longer; the next look is at the next one who is due."""
        next_due = NEVER
        for answers, _, due, _ in self._waiting:
            if not answers.done():
                if due <= before:
                    answers.set_exception(TimeoutError())
                else:
                    next_due = min(next_due, due)
        self._next_look, self._look = NEVER, None
        if next_due < NEVER:
            self._look_at(next_due)

    def _watch(self, answered: int, unmoved: int) -> None:
        """Give up a connection on which nothing moved; between two looks the process reads what has come."""
        self._is_watched = False
        if self.is_over or not self._waiting:
            return
        unmoved = unmoved + 1 if answered == self._answered else 0
        if unmoved >= LOOKS:
            self.drop(Disconnected(f"no answer within {self._seconds:.3f} s"))
            return
        self._is_watched = True
        self._loop.call_later(self._seconds / LOOKS, self._watch, self._answered, unmoved)


def _with_text(command: Command) -> Command:
    _, digest, *rest = command
    return ("EVAL", scripts.TEXTS[str(digest)], *rest)
