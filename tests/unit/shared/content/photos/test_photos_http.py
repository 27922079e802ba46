"""Photos from an allow-list of hosts: real requests to a server on loopback, behind an injected resolver.

The server is at 127.0.0.2, the only address that the injected check lets through. A second one at 127.0.0.1 stands for
what must never be reached; it remembers whoever comes.
"""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from shared.content.photos.fetch import FetchLimits
from shared.content.photos.photo_source import Photo, PhotoSource
from shared.content.photos.unreadable import Fault, Unreadable
from tests.loopback import serving_on_one_port

SERVER, FORBIDDEN = "127.0.0.2", "127.0.0.1"
_buffer = io.BytesIO()
Image.new("RGB", (30, 20), "red").save(_buffer, "PNG")
PNG = _buffer.getvalue()


class Photos(BaseHTTPRequestHandler):
    """Each path misbehaves in its own way."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Host"]))
        port = self.server.server_port
        moved = {
            "/to-loopback": f"http://127.0.0.1:{port}/cat.png",
            "/to-metadata": "http://169.254.169.254/latest/meta-data/",
            "/to-private-name": f"http://private.test:{port}/cat.png",
            "/to-other-host": f"http://other.test:{port}/cat.png",
            "/to-file": "file:///etc/passwd",
            "/moved": "/cat.png",
            "/round": "/round",
        }
        if self.path in moved:
            self.answer(302, b"", Location=moved[self.path])
        elif self.path == "/endless":
            self.stream(bytes(65_536), pause=0)
        elif self.path == "/drip":
            self.stream(b"x", pause=0.05)
        elif self.path == "/page.jpg":
            self.answer(200, b"<html>", **{"Content-Type": "text/html; charset=utf-8"})
        elif self.path == "/huge.png":
            self.answer(200, PNG, **{"Content-Length": "99000000"})
        elif self.path == "/cut.png":
            self.answer(200, PNG[:40], **{"Content-Length": str(len(PNG))})
        elif self.path.startswith(("/cat.png", "/%E7%8C%AB.png")):
            self.answer(200, PNG, **{"Content-Type": "image/png"})
        else:
            self.answer(404, b"")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, piece: bytes, *, pause: float) -> None:
        self.answer(200, b"", **{"Content-Type": "image/jpeg"})
        until = time.monotonic() + 5
        try:
            while time.monotonic() < until:
                self.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            pass

    def log_message(self, *args: object) -> None:
        """Nothing on the terminal."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Photos)
        self.seen: list[tuple[str, str]] = []


@dataclass
class World:
    """Two servers on one port, and a resolver that counts."""

    port: int
    server: Server
    forbidden: Server
    asked: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return {
            "photos.test": [SERVER],
            "private.test": ["10.0.0.5"],
            "mixed.test": [SERVER, "192.168.1.1"],
            "mapped.test": ["::ffff:127.0.0.1"],
        }.get(host, [host])

    def url(self, path: str, host: str = "photos.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def load(self, path: str, host: str = "photos.test", *, hosts: Sequence[str] | None = None) -> Photo | Unreadable:
        names = ("photos.test", "private.test", "mixed.test", "mapped.test", "127.0.0.1", "169.254.169.254")
        source = PhotoSource(
            hosts=hosts or [*(f"{name}:{self.port}" for name in names), "169.254.169.254"],
            limits=FetchLimits(seconds=1.0, max_bytes=1_000_000),
            resolver=self.resolve,
            is_allowed=lambda address: address == SERVER,
        )
        return source.load(self.url(path, host))

    def fault(self, path: str, host: str = "photos.test", *, hosts: Sequence[str] | None = None) -> Fault:
        result = self.load(path, host, hosts=hosts)
        assert isinstance(result, Unreadable)
        return result.fault


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    with serving_on_one_port(Server, SERVER, FORBIDDEN) as servers:
        yield servers


@pytest.fixture
def world(servers: tuple[Server, Server]) -> World:
    for server in servers:
        server.seen.clear()
    return World(port=servers[0].server_address[1], server=servers[0], forbidden=servers[1])


def test_a_photo_of_an_allowed_host_is_read(world: World) -> None:
    assert isinstance(world.load("/cat.png"), Photo)


def test_a_photo_with_a_query_is_read(world: World) -> None:
    world.load("/cat.png?w=200&sig=a%2Fb")
    assert world.server.seen[0][0] == "/cat.png?w=200&sig=a%2Fb"


def test_a_file_name_in_another_script_is_quoted(world: World) -> None:
    assert isinstance(world.load("/猫.png"), Photo)


def test_the_server_hears_the_name_and_not_the_address(world: World) -> None:
    world.load("/cat.png")
    assert world.server.seen[0][1] == f"photos.test:{world.port}"


def test_the_checked_address_is_the_one_connected_to(world: World) -> None:
    world.load("/cat.png")
    # Asked once: a second answer could not be another; the system knows no such name.
    assert world.asked == ["photos.test"]


def test_a_redirect_within_an_allowed_host_is_followed(world: World) -> None:
    assert isinstance(world.load("/moved"), Photo)


def test_a_redirect_is_resolved_and_checked_anew(world: World) -> None:
    world.load("/moved")
    assert world.asked == ["photos.test", "photos.test"]


@pytest.mark.parametrize("path", ["/to-loopback", "/to-metadata", "/to-private-name"])
def test_a_redirect_to_an_address_that_is_not_public_is_refused(world: World, path: str) -> None:
    assert world.fault(path) is Fault.ADDRESS_NOT_ALLOWED


def test_nothing_is_fetched_from_where_a_redirect_must_not_lead(world: World) -> None:
    world.load("/to-loopback")
    assert world.forbidden.seen == []


@pytest.mark.parametrize("path", ["/to-loopback", "/to-metadata", "/to-other-host"])
def test_a_redirect_to_a_host_that_is_not_listed_is_refused(world: World, path: str) -> None:
    assert world.fault(path, hosts=[f"photos.test:{world.port}"]) is Fault.HOST_NOT_ALLOWED


def test_a_redirect_to_a_file_is_refused(world: World) -> None:
    assert world.fault("/to-file") is Fault.BAD_REFERENCE


def test_a_round_of_redirects_ends(world: World) -> None:
    assert world.fault("/round") is Fault.TOO_MANY_REDIRECTS


@pytest.mark.parametrize("host", ["private.test", "mixed.test", "mapped.test", "127.0.0.1"])
def test_a_host_with_any_private_address_is_refused(world: World, host: str) -> None:
    assert world.fault("/cat.png", host) is Fault.ADDRESS_NOT_ALLOWED


def test_a_host_that_is_not_listed_is_not_even_looked_up(world: World) -> None:
    world.load("/cat.png", "evil.test")
    assert world.asked == []


def test_another_port_of_a_listed_host_is_refused(world: World) -> None:
    assert world.fault("/cat.png", hosts=["photos.test"]) is Fault.HOST_NOT_ALLOWED


def test_an_endless_stream_ends_at_the_byte_limit(world: World) -> None:
    assert world.fault("/endless") is Fault.TOO_MANY_BYTES


def test_a_photo_that_announces_too_many_bytes_is_not_read(world: World) -> None:
    assert world.fault("/huge.png") is Fault.TOO_MANY_BYTES


def test_a_dripping_stream_ends_at_the_deadline(world: World) -> None:
    began = time.monotonic()
    assert world.fault("/drip") is Fault.TIMED_OUT
    assert time.monotonic() - began < 2


def test_an_error_page_in_the_photos_place_is_tried_again(world: World) -> None:
    result = world.load("/page.jpg")
    assert isinstance(result, Unreadable)
    assert (result.fault, result.retry) == (Fault.HTTP_ANSWER, True)


def test_a_missing_photo_names_its_status(world: World) -> None:
    result = world.load("/gone.jpg")
    assert isinstance(result, Unreadable)
    assert result.reason.startswith("http-answer: got status 404")


def test_a_connection_that_breaks_off_is_tried_again(world: World) -> None:
    result = world.load("/cut.png")
    assert isinstance(result, Unreadable)
    assert (result.fault, result.retry) == (Fault.CONNECTION_FAILED, True)


def test_a_host_without_an_address_is_tried_again(world: World) -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("name not known")

    result = PhotoSource(hosts=["photos.test"], resolver=nowhere).load("http://photos.test/cat.png")
    assert isinstance(result, Unreadable)
    assert (result.fault, result.retry) == (Fault.HOST_UNKNOWN, True)


def test_a_proxy_of_the_environment_is_not_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{world.port}")
    world.load("/cat.png")
    assert world.forbidden.seen == []
