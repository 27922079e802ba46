"""Listens, holds the connections within bounds, and stops without losing what it has accepted."""

import asyncio
import resource
import socket
from collections.abc import Sequence
from email.utils import formatdate

from starlette.types import ASGIApp

from timeline.feed.records import PageRequest
from timeline.http.connection import Connection
from timeline.http.exchange import Exchange
from timeline.http.fast_path import FastPath, plain_page
from timeline.http.limits import MAX_HEADERS

RESERVED_FILES = 64  # descriptors for the stores, the snapshot and the log
MOST_CONNECTIONS = 2_048  # hostile ones hold some 40 KB each
TICK_SECONDS = 0.5  # deadlines are looked at so often
SHUTDOWN_SECONDS = 10.0  # for requests under way


class HttpServer:
    """Serves one app on sockets that are bound already."""

    def __init__(self, app: ASGIApp, *, fast_path: FastPath | None, keep_alive: float, most: int | None = None) -> None:
        """
        Args:
            app: has started.
            fast_path: answers some pages in its place.
            keep_alive: seconds that a connection may be idle between two requests.
            most: connections that there may be; None: what the descriptors allow.
        """
        self._app, self._fast_path, self.keep_alive = app, fast_path, keep_alive
        self.loop = asyncio.get_running_loop()
        self.buffer = memoryview(bytearray(MAX_HEADERS))
        self.date = b""
        self.is_stopping = False
        room, self._backlog = _room()
        self._most = most or room
        self.open = set[Connection]()
        self._tasks = set[asyncio.Task[None]]()
        self._listeners: list[asyncio.Server] = []
        self._tick()

    async def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections from now on."""
        for each in sockets:
            listener = await self.loop.create_server(lambda: Connection(self), sock=each, backlog=self._backlog)
            self._listeners.append(listener)

    async def stop(self) -> None:
        """Accept no more, answer what is under way or on its way, and end all connections."""
        await asyncio.sleep(0)  # what the kernel has accepted is ours
        self.is_stopping = True
        for listener in self._listeners:
            listener.close()
        until = self.loop.time() + SHUTDOWN_SECONDS
        for connection in self.open:
            connection.stop()
        while self.open and self.loop.time() < until:
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
            waiting = [each for each in self.open if each.is_waiting]
            longest = min(waiting, key=lambda each: (each.has_served, each.waits_since), default=connection)
            longest.transport.abort()
        self.open.add(connection)

    def left(self, connection: Connection) -> None:
        """A connection has ended."""
        self.open.discard(connection)

    def begin(self, exchange: Exchange) -> None:
        """Answer a request, whose head is here."""
        fast_path, wanted = self._fast_path, plain_page(exchange.request)
        if fast_path is None or wanted is None:
            answer = exchange.run(self._app)
        else:
            answer = self._answer_page(exchange, fast_path, wanted)
        task = self.loop.create_task(answer)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_page(self, exchange: Exchange, fast_path: FastPath, wanted: PageRequest) -> None:
        page = await fast_path.answer(wanted, exchange.request.fields.get(b"authorization", b""))
        if page is None:
            await exchange.run(self._app)
        else:
            exchange.answer(*page)

    def _tick(self) -> None:
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        self._expire()
        self.loop.call_later(TICK_SECONDS, self._tick)

    def _expire(self) -> None:
        now = self.loop.time()
        for connection in [each for each in self.open if each.deadline < now]:
            connection.expire()


def _room() -> tuple[int, int]:
    """How many connections there may be, and how many may wait to be accepted; all at once may come in one turn."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = max(files - RESERVED_FILES, 32) if files != resource.RLIM_INFINITY else 2 * MOST_CONNECTIONS
    backlog = min(free // 4, MOST_CONNECTIONS // 4)
    return min(free - backlog, MOST_CONNECTIONS), backlog
