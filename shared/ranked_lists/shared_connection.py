"""One connection that all pages of a process share: commands of one iteration of the event loop are sent together.

A client with a pool needs two system calls and a dozen coroutines for each command; here all concurrent requests share
them. Answers come in the order of the commands, so the answer to a command that nobody waits for any more is simply
dropped.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import cast

import hiredis
from msgspec import Struct
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError

from shared.ranked_lists import scripts
from shared.ranked_lists.clients import Endpoint

Command = tuple[str | bytes | int, ...]
Answers = asyncio.Future[list[object]]
NEVER = float("inf")
UNKNOWN_SCRIPT = "NOSCRIPT"
# The last part of a timeout starts when the process notices that the first part is over. If other processes kept this
# one from its processor, the answer has arrived by then and is read, instead of being counted as missing.
GRACE_SHARE = 0.2
FLUSH_AFTER = 8  # commands; then Redis already works on them while this process prepares the next ones
CHECK_EVERY = 0.005  # seconds, while a command is unanswered; a timer per command would cost more than the command


class SharedConnection:
    """Sends commands over one connection, which is opened when it is needed, and again after it broke."""

    def __init__(self, url: str, *, timeout: timedelta, on_connect: Callable[[], None] = lambda: None) -> None:
        """
        Args:
            url: Redis' address.
            timeout: a connection that leaves a command unanswered for longer is dropped.
            on_connect: called for each new connection, before any command is sent over it.
        """
        self._on_connect = on_connect
        self._endpoint = Endpoint(url, timeout=timeout)
        self._seconds = timeout.total_seconds()
        self._pipeline: _Pipeline | None = None
        self._connecting: asyncio.Task[_Pipeline] | None = None

    async def ask(self, *commands: Command, within: float | None = None) -> list[object]:
        """Send some commands together and return their answers.

        A script that Redis does not know (it has restarted, or never got it) is sent again with its text.

        Args:
            commands: name and arguments of each.
            within: seconds to wait; None: until the connection is dropped.

        Raises:
            redis.exceptions.RedisError: no connection, a broken one, or a refused command.
            TimeoutError: no answer in time.
        """
        pipeline = self._pipeline
        if pipeline is None or pipeline.is_over:
            async with asyncio.timeout(within):
                pipeline = await self._connected()
        answers = await pipeline.send(commands, within=NEVER if within is None else within)
        for index, answer in enumerate(answers):
            if isinstance(answer, hiredis.ReplyError):
                if not str(answer).startswith(UNKNOWN_SCRIPT):
                    raise ResponseError(str(answer))
                (answers[index],) = await self.ask(_with_text(commands[index]), within=within)
        return answers

    async def close(self) -> None:
        """Close the connection."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._pipeline is not None:
            self._pipeline.drop(Disconnected("closed"))

    async def _connected(self) -> "_Pipeline":
        """The new connection; a caller that is cancelled meanwhile does not cancel it for the others."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._no_longer_connecting)
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> "_Pipeline":
        pipeline = await self._endpoint.connect(partial(_Pipeline, timeout=self._seconds))
        try:
            for answer in await pipeline.send(self._endpoint.greeting):
                if isinstance(answer, hiredis.ReplyError):
                    raise Disconnected(f"Redis refuses the connection: {answer}")
        except BaseException as error:
            pipeline.drop(Disconnected(str(error)))
            raise
        self._on_connect()
        self._pipeline = pipeline
        return pipeline

    def _no_longer_connecting(self, task: "asyncio.Task[_Pipeline]") -> None:
        self._connecting = None
        if not task.cancelled():
            task.exception()  # those who still wait get the error


class _Deadline(Struct, gc=False):
    """When a wait is over; its last part, the grace period, starts when the deadline is first noticed."""

    due: float  # by the loop's clock
    grace: float  # seconds
    is_in_grace: bool = False

    def is_over(self, now: float) -> bool:
        """Whether the grace period is over, too."""
        if now < self.due or self.is_in_grace:
            return now >= self.due
        self.due, self.is_in_grace = now + self.grace, True
        return False


class _Request(Struct, gc=False):
    """Some commands that were sent together, and the future of their answers."""

    answers: Answers
    count: int  # of answers
    deadline: _Deadline


class _Pipeline(asyncio.Protocol):
    """One connection, from opening to breaking; so answers never get mixed up with those of another connection."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[_Request] = deque()
        self._received: list[object] = []  # answers to the first of the waiting
        self._out: list[bytes] = []
        self._silence = self._deadline(timeout)  # after which the connection is dropped; each answer starts it again
        self._is_checked = False
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast(asyncio.Transport, transport)

    def send(self, commands: Sequence[Command], *, within: float = NEVER) -> Answers:
        """Send some commands by the end of this iteration of the loop; returns the future of their answers."""
        answers: Answers = self._loop.create_future()
        if self.is_over:
            answers.set_exception(Disconnected("the connection broke"))
            return answers
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out += [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type]  # of any length
        if len(self._out) >= FLUSH_AFTER:
            self._flush()
        if not self._waiting:
            self._silence = self._deadline(self._timeout)
        self._waiting.append(_Request(answers, len(commands), self._deadline(within)))
        if not self._is_checked:
            self._is_checked = True
            self._loop.call_later(CHECK_EVERY, self._check)
        return answers

    def data_received(self, data: bytes) -> None:
        """Pass the answers on."""
        self._silence = self._deadline(self._timeout)
        self._reader.feed(data)
        try:
            while not self.is_over and (answer := self._reader.gets()) is not False:
                self._take(answer)
        except (hiredis.ProtocolError, IndexError) as error:  # an answer without a command
            self.drop(Disconnected(f"no answer of Redis: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection broke."""
        self.drop(Disconnected(str(exc) if exc else "Redis closed the connection"))

    def drop(self, error: Exception) -> None:
        """Close the connection; all who wait get the error."""
        self.is_over = True
        self._transport.abort()
        self._out = []
        while self._waiting:
            _end(self._waiting.popleft(), error)

    def _take(self, answer: object) -> None:
        request = self._waiting[0]
        self._received.append(answer)
        if len(self._received) == request.count:
            self._waiting.popleft()
            if not request.answers.done():  # not cancelled meanwhile
                request.answers.set_result(self._received)
            self._received = []

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out and not self.is_over:
            self._transport.write(b"".join(out))

    def _check(self) -> None:
        """End the waits that are over; drop the connection if nothing arrives on it."""
        self._is_checked = bool(self._waiting)
        if not self._is_checked:
            return
        now = self._loop.time()
        if self._silence.is_over(now):
            self.drop(Disconnected(f"no answer within {self._timeout:.3f} s"))
            return
        for request in self._waiting:
            if request.deadline.is_over(now):
                _end(request, TimeoutError())
        self._loop.call_later(CHECK_EVERY, self._check)

    def _deadline(self, seconds: float) -> _Deadline:
        return _Deadline(self._loop.time() + seconds * (1 - GRACE_SHARE), seconds * GRACE_SHARE)


def _end(request: _Request, error: Exception) -> None:
    if not request.answers.done():
        request.answers.set_exception(error)


def _with_text(command: Command) -> Command:
    _, digest, *rest = command
    return ("EVAL", scripts.TEXTS[str(digest)], *rest)
