"""A server with a small app on a socket, and clients that send bytes as they like."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvloop
from starlette.types import Receive, Scope, Send

from timeline.http.connection import Connection
from timeline.http.fast_path import FastPath
from timeline.http.server import HttpServer

HOST = b"Host: a\r\n"
SECONDS = 10.0  # for what takes a millisecond; the machine may be busy


class App:
    """Records each request, with the size of its body."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = scope["raw_path"].decode() + ("?" if scope["warmline.question_mark"] else "")
        self.asked.append(f"{scope['method']} {target}{scope['query_string'].decode()}")
        await self.may_answer.wait()
        size = 0
        while scope["method"] in ("POST", "PUT") and scope["path"] != "/unread":
            message = await receive()
            if message["type"] == "http.disconnect":
                self.asked.append("gone")
                return
            size += len(message["body"])
            if not message["more_body"]:
                break
        if scope["path"] == "/fails":
            raise RuntimeError("a fault")
        status = 204 if scope["path"] == "/nothing" else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"x-size", b"%d" % size)]})
        if scope["path"] == "/breaks":
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            return
        for _ in range(64 if scope["path"] == "/large" else 0):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await send({"type": "http.response.body", "body": b"" if status == 204 else self.asked[-1].encode()})


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def send_bytewise(self, data: bytes) -> None:
        for at in range(len(data)):
            self.send(data[at : at + 1])
            await asyncio.sleep(0)

    def send_no_more(self) -> None:
        self._writer.write_eof()

    async def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """The next answer's status, headers and body."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        body = await self.reader.readexactly(int(headers.get("content-length", 0))) if has_body else b""
        return int(lines[0].split()[1]), headers, body

    async def all(self) -> bytes:
        """All bytes until the server ends the connection."""
        return await self.reader.read()

    async def is_closed(self) -> bool:
        try:
            return not await self.reader.read()
        except ConnectionResetError:
            return True

    def read_no_more(self) -> None:
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def leave(self) -> None:
        self._writer.transport.abort()


class Deployment:
    """The server, its app, and its address."""

    def __init__(self, app: App, server: HttpServer, address: tuple[str, int]) -> None:
        self.app, self.server, self._address = app, server, address
        self.clients: list[Client] = []

    @property
    def open(self) -> set[Connection]:
        """The server's open connections."""
        return self.server.open

    async def client(self) -> Client:
        self.clients.append(Client(*await asyncio.open_connection(*self._address)))
        return self.clients[-1]

    async def ask(self, data: bytes) -> bytes:
        """The answer to these bytes, after which the client sends no more."""
        client = await self.client()
        client.send(data)
        client.send_no_more()
        return await client.all()

    async def statuses(self, data: bytes) -> list[int]:
        """The statuses of the answers."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", await self.ask(data))]


@asynccontextmanager
async def _deployment(*, keep_alive: float, most: int | None, fast_path: FastPath | None) -> AsyncIterator[Deployment]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = App()
        server = HttpServer(app, fast_path=fast_path, keep_alive=keep_alive, most=most)
        server.listen([listening])
        deployment = Deployment(app, server, listening.getsockname())
        try:
            yield deployment
        finally:
            app.may_answer.set()
            for client in deployment.clients:
                client.leave()
            await server.stop()


def with_deployment(
    scenario: Callable[[Deployment], Awaitable[None]],
    *,
    keep_alive: float = 75.0,
    most: int | None = None,
    fast_path: FastPath | None = None,
) -> None:
    """Run a scenario with a time limit."""

    async def play() -> None:
        served = _deployment(keep_alive=keep_alive, most=most, fast_path=fast_path)
        async with asyncio.timeout(SECONDS), served as deployment:
            await scenario(deployment)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop of the product
        runner.run(play())


async def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    while not holds():  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(0.001)
