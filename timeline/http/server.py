"""Listens, holds the connections within bounds, and stops without losing what it has accepted."""

import asyncio
import resource
import socket
from collections.abc import Coroutine, Sequence
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from timeline.feed.records import PageRequest
from timeline.http.connection import Connection
from timeline.http.exchange import Exchange, lines_of
from timeline.http.limits import MAX_HEADERS
from timeline.http.plain_requests import is_plain_batch, plain_page
from timeline.http.security_headers import LINES

if TYPE_CHECKING:
    from timeline.http.fast_path import FastPath

RESERVED_FILES = 96  # descriptors for the stores, the snapshot and the log
LEAST_CONNECTIONS = 16
MOST_CONNECTIONS = 2_048  # hostile ones hold some 40 KB each
BACKLOG = 1_024  # connections that wait in the kernel
ACCEPTS = 16  # connections that are accepted in one turn
NEW_SHARE = 4  # at the limit, the part of all connections that those without a request so far may hold: a quarter
TICK_SECONDS = 0.5  # deadlines are looked at so often
SHUTDOWN_SECONDS = 10.0  # for requests under way


class HttpServer:
    """Serves one app on sockets that are bound already."""

    def __init__(
        self, app: ASGIApp, *, fast_path: "FastPath | None", keep_alive: float, most: int | None = None
    ) -> None:
        """
        Args:
            app: has started.
            fast_path: answers plain requests in its place.
            keep_alive: seconds that a connection may be idle between two requests.
            most: connections that there may be; None: what the descriptors allow.
        """
        self._app, self._fast_path, self.keep_alive = app, fast_path, keep_alive
        self.loop = asyncio.get_running_loop()
        self.buffer = memoryview(bytearray(MAX_HEADERS))
        self.date = b""
        self.is_stopping = False
        self._most = most or _room()
        self.open = set[Connection]()
        self._late = set[Connection]()
        self._tasks = set[asyncio.Task[None]]()
        self._listeners: Sequence[socket.socket] = ()
        self._tick()

    def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections from now on, a few at a time: those that wait hold no descriptor of this process."""
        self._listeners = sockets
        for each in sockets:
            each.setblocking(False)  # noqa: FBT003
            each.listen(BACKLOG)
            self.loop.add_reader(each, self._accept, each, ACCEPTS)

    async def stop(self) -> None:
        """Accept no more, answer what is under way or on its way, and end all connections."""
        self.is_stopping = True
        listeners, self._listeners = self._listeners, ()
        for listener in listeners:
            self.loop.remove_reader(listener)
            self._accept(listener, BACKLOG)  # what the kernel has accepted is ours
            listener.close()
        until = self.loop.time() + SHUTDOWN_SECONDS
        for connection in self.open:
            connection.stop()
        while (self.open or self._tasks) and self.loop.time() < until:
            await asyncio.sleep(0.02)
            self._expire()
        for connection in list(self.open):
            connection.transport.abort()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    def joined(self, connection: Connection) -> None:
        """A connection was made; where there are too many, the one that has waited longest goes, or this one."""
        if len(self.open) >= self._most:
            longest = min(self._least_needed(), key=lambda each: each.waits_since, default=connection)
            self.open.discard(longest)
            longest.transport.abort()
            if longest is connection:
                return
        self.open.add(connection)
        if self.is_stopping:
            connection.stop()

    def _least_needed(self) -> Sequence[Connection]:
        """Those that never sent a whole request if they hold more than their share, else those that are idle."""
        new = [each for each in self.open if each.is_waiting and not each.has_served]
        idle = [each for each in self.open if each.is_waiting and each.has_served]
        return (new or idle) if NEW_SHARE * len(new) > self._most else (idle or new)

    def left(self, connection: Connection) -> None:
        """A connection has ended."""
        self.open.discard(connection)

    def begin(self, exchange: Exchange) -> None:
        """Answer a request, whose head is here."""
        fast_path, request = self._fast_path, exchange.request
        if fast_path is None or fast_path.is_from_site(request):
            answer = exchange.run(self._app)
        elif (wanted := plain_page(request)) is not None:
            answer = self._answer_page(exchange, fast_path, wanted)
        elif is_plain_batch(request):
            answer = self._answer_batch(exchange, fast_path)
        else:
            answer = exchange.run(self._app)
        self._spawn(answer)

    async def _answer_page(self, exchange: Exchange, fast_path: "FastPath", wanted: PageRequest) -> None:
        fields = exchange.request.fields
        page = await fast_path.page(wanted, fields.get(b"authorization", b""), fields.get(b"accept-encoding", b""))
        if page is None:
            await exchange.run(self._app)
        else:
            exchange.answer(*page)

    async def _answer_batch(self, exchange: Exchange, fast_path: "FastPath") -> None:
        answer, size, room = None, exchange.request.body_bytes or 0, fast_path.room
        if fast_path.is_backend(exchange.request.fields.get(b"authorization", b"")) and room.take(size):
            try:
                body = await exchange.whole_body()
                answer = body and await fast_path.add_events(body)
            finally:
                room.give_back(size)
        if answer:
            exchange.answer(lines_of(answer.raw_headers) + LINES, bytes(answer.body), status=answer.status_code)
        else:
            await exchange.run(self._app)

    def _accept(self, listener: socket.socket, count: int) -> None:
        for _ in range(count):
            try:
                client, _ = listener.accept()
            except OSError:  # there is none, it has gone, or there is no descriptor: those that wait too long end
                return
            self._spawn(self._connect(client))

    async def _connect(self, client: socket.socket) -> None:
        await self.loop.connect_accepted_socket(partial(Connection, self), client)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tick(self) -> None:
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        self._expire()
        self.loop.call_later(TICK_SECONDS, self._tick)

    def _expire(self) -> None:
        """End who is late, and was at the last look: what has come since is read between the two."""
        now = self.loop.time()
        late = {each for each in self.open if each.deadline < now}
        for connection in late & self._late:
            connection.expire()
        self._late = late


def _room() -> int:
    """How many connections the descriptors of this process allow."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(max(files - RESERVED_FILES, LEAST_CONNECTIONS), MOST_CONNECTIONS)
