"""A connection: plain requests and all others take turns on it, and neither sees the other's bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from timeline.app import TimelineApp
from timeline.connection import Connection
from timeline.lane import PlainRequest

PLAIN = b"GET /timeline/ann HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /timeline/ann HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
REFUSED = b"GET /timeline/refused HTTP/1.1\r\nHost: a\r\n\r\n"
FAILING = b"GET /timeline/failing HTTP/1.1\r\nHost: a\r\n\r\n"
OTHER = b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n"
SECONDS = 10.0  # for what takes a millisecond; the machine may be busy


class Lane:
    """Answers once it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: list[str] = []

    async def answer(self, request: PlainRequest) -> bytes | None:
        self.asked.append(request.wanted.user_id)
        await self.may_answer.wait()
        if request.wanted.user_id == "failing":
            raise RuntimeError("a fault")
        return None if request.wanted.user_id == "refused" else b"plain"


class App:
    """What stands behind, and its lane."""

    def __init__(self) -> None:
        self.lane: Lane | None = Lane()
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(f"{scope['method']} {scope['path']}")
        await self.may_answer.wait()
        body = b"framework"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": body})


class Client:
    """One connection to the server, and the server."""

    def __init__(
        self, app: App, state: ServerState, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.app, self.state, self._reader, self._writer = app, state, reader, writer

    @property
    def lane(self) -> Lane:
        assert self.app.lane is not None
        return self.app.lane

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> tuple[bytes, bytes]:
        """The next answer's head and body."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head, await self._reader.readexactly(length)

    async def body(self) -> bytes:
        return (await self.answer())[1]

    async def is_closed(self) -> bool:
        return await self._reader.read() == b""

    def leave(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def _client(**options: Any) -> AsyncIterator[Client]:
    app, state, loop = App(), ServerState(), asyncio.get_running_loop()
    state.default_headers = [(b"date", b"today")]
    config = uvicorn.Config(app, log_config=None, access_log=False, proxy_headers=False, ws="none", **options)
    config.load()

    def connection() -> Connection:
        return Connection(cast(TimelineApp, app), config=config, server_state=state, app_state={}, _loop=loop)

    server = await loop.create_server(connection, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield Client(app, state, reader, writer)
    finally:
        writer.close()
        server.close()
        await _until(lambda: not state.connections and not state.tasks)
        await server.wait_closed()


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(0.001)


def _with_client(scene: Callable[[Client], Awaitable[None]], **options: Any) -> None:
    async def play() -> None:
        async with asyncio.timeout(SECONDS), _client(**options) as client:
            await scene(client)

    asyncio.run(play())


def test_a_plain_request_does_not_reach_the_framework() -> None:
    async def scene(client: Client) -> None:
        client.send(PLAIN)
        head, body = await client.answer()
        assert head.split(b"\r\n") == [
            b"HTTP/1.1 200 OK", b"date: today", b"content-length: 5", b"content-type: application/json",
            b"x-content-type-options: nosniff", b"cache-control: no-store", b"", b"",
        ]  # fmt: skip
        assert (body, client.app.asked, client.state.total_requests) == (b"plain", [], 1)

    _with_client(scene)


@pytest.mark.parametrize(
    "pieces",
    [
        [OTHER],
        [REFUSED],
        [PLAIN[:20], PLAIN[20:]],
        [b"POST /timeline HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"],
        [b"\r\n" + PLAIN],
    ],
)
def test_all_else_does(pieces: list[bytes]) -> None:
    async def scene(client: Client) -> None:
        for _ in range(2):
            for piece in pieces:
                client.send(piece)
                await asyncio.sleep(0.01)
            assert await client.body() == b"framework"
            client.send(PLAIN)
            assert await client.body() == b"plain"
        assert len(client.app.asked) == 2

    _with_client(scene)


def test_before_the_app_has_started_the_framework_answers() -> None:
    async def scene(client: Client) -> None:
        client.app.lane = None
        client.send(PLAIN)
        assert await client.body() == b"framework"

    _with_client(scene)


@pytest.mark.parametrize("following", [PLAIN, OTHER, REFUSED, PLAIN + OTHER, OTHER + PLAIN, OTHER * 3])
@pytest.mark.parametrize("first", [PLAIN, OTHER, REFUSED])
@pytest.mark.parametrize("is_together", [True, False])
def test_answers_come_in_the_order_of_the_requests(first: bytes, following: bytes, is_together: bool) -> None:
    async def scene(client: Client) -> None:
        client.lane.may_answer.clear()
        client.app.may_answer.clear()
        client.send(first)
        if not is_together:
            await _until(lambda: bool(client.app.asked or client.lane.asked))
        client.send(following)
        await asyncio.sleep(0.01)
        client.lane.may_answer.set()
        client.app.may_answer.set()
        for request in (first + following).split(b"GET ")[1:]:
            # Of requests that came together the plain ones may go either way.
            may_be = {b"plain", b"framework"} if request in PLAIN else {b"framework"}
            assert await client.body() in may_be

    _with_client(scene)


def test_what_comes_in_pieces_while_a_plain_answer_is_under_way_is_put_together() -> None:
    async def scene(client: Client) -> None:
        client.lane.may_answer.clear()
        client.send(PLAIN)
        await _until(lambda: bool(client.lane.asked))
        client.send(OTHER[:10])
        await asyncio.sleep(0.01)
        client.lane.may_answer.set()
        assert await client.body() == b"plain"
        client.send(OTHER[10:])
        assert await client.body() == b"framework"
        assert client.app.asked == ["GET /other"]

    _with_client(scene)


def test_a_body_is_never_taken_for_a_request() -> None:
    async def scene(client: Client) -> None:
        client.send(b"POST /timeline HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (2 * len(PLAIN)))
        assert await client.body() == b"framework"  # before the body is there
        client.send(PLAIN)
        await asyncio.sleep(0.01)
        client.send(PLAIN)
        await asyncio.sleep(0.01)
        client.send(OTHER)
        assert await client.body() == b"framework"
        assert client.lane.asked == []
        assert client.app.asked == ["POST /timeline", "GET /other"]

    _with_client(scene)


@pytest.mark.parametrize("request_bytes", [LAST, PLAIN.replace(b"1.1", b"1.0"), LAST.replace(b"ann", b"refused")])
def test_a_connection_ends_where_its_client_wants_it(request_bytes: bytes) -> None:
    async def scene(client: Client) -> None:
        client.send(request_bytes)
        head, body = await client.answer()
        assert (b"connection: close" in head, body in {b"plain", b"framework"}) == (True, True)
        assert await client.is_closed()

    _with_client(scene)


@pytest.mark.parametrize("request_bytes", [PLAIN, REFUSED])
def test_a_server_that_stops_gives_the_answer_under_way(request_bytes: bytes) -> None:
    async def scene(client: Client) -> None:
        client.lane.may_answer.clear()
        client.send(request_bytes)
        await _until(lambda: bool(client.lane.asked))
        for connection in list(client.state.connections):
            connection.shutdown()
        await asyncio.sleep(0.01)
        client.lane.may_answer.set()
        head, _ = await client.answer()
        assert b"connection: close" in head
        assert await client.is_closed()

    _with_client(scene)


def test_a_server_that_stops_ends_idle_connections() -> None:
    async def scene(client: Client) -> None:
        client.send(PLAIN)
        await client.body()
        for connection in list(client.state.connections):
            connection.shutdown()
        assert await client.is_closed()

    _with_client(scene)


def test_an_idle_connection_ends_after_a_while() -> None:
    async def scene(client: Client) -> None:
        client.send(PLAIN)
        await client.body()
        assert await client.is_closed()

    _with_client(scene, timeout_keep_alive=0)


def test_a_connection_in_use_does_not_end_by_the_timer_of_an_earlier_answer() -> None:
    async def scene(client: Client) -> None:
        client.send(PLAIN)
        await client.body()
        (connection,) = cast(set[Connection], client.state.connections)
        connection.timeout_keep_alive_handler()  # it was quiet for a moment only
        connection._quiet_since -= 60  # for longer than it may, but then an answer is under way
        client.lane.may_answer.clear()
        client.send(PLAIN)
        await _until(lambda: len(client.lane.asked) == 2)
        connection.timeout_keep_alive_handler()
        client.lane.may_answer.set()
        assert await client.body() == b"plain"
        connection._quiet_since -= 60
        connection.timeout_keep_alive_handler()
        assert await client.is_closed()

    _with_client(scene, timeout_keep_alive=30)


def test_nothing_is_written_for_a_client_that_has_gone() -> None:
    async def scene(client: Client) -> None:
        client.lane.may_answer.clear()
        client.send(PLAIN)
        await _until(lambda: bool(client.lane.asked))
        client.leave()
        await _until(lambda: not client.state.connections)
        client.lane.may_answer.set()
        await _until(lambda: not client.state.tasks)
        assert client.state.total_requests == 0

    _with_client(scene)


def test_a_client_is_not_left_waiting_by_a_fault() -> None:
    async def scene(client: Client) -> None:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        client.send(FAILING)
        assert await client.is_closed()
        await _until(lambda: bool(faults))
        assert "a fault" in str(faults[0]["exception"])

    _with_client(scene)


def test_a_client_that_does_not_read_holds_no_more_than_the_server_allows() -> None:
    async def scene(client: Client) -> None:
        for connection in list(client.state.connections):
            connection.pause_writing()  # as the transport does it
        client.send(PLAIN)
        await _until(lambda: bool(client.app.asked))  # uvicorn's way waits until the client reads
        for connection in list(client.state.connections):
            connection.resume_writing()
        assert await client.body() == b"framework"

    _with_client(scene)
