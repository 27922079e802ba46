"""Photos that strangers upload to hurt, odd ones that must be read all the same, and two servers on loopback.

The photo host is at 127.0.0.2, the only address that the injected check lets through. The server at 127.0.0.1, on the
same port, stands for everything that must never be reached; it remembers whoever comes.
"""

import io
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from shared.content.photos.fetch import FetchLimits
from shared.content.photos.photo_source import PhotoSource
from tests.loopback import serving_on_one_port

PHOTO_HOST, FORBIDDEN = "127.0.0.2", "127.0.0.1"
MAX_BYTES = 2_000_000
ENDLESS_SECONDS = 10  # after which the stream ends all the same, so that a reader without a limit fails and not hangs
SIDEWAYS = 6  # EXIF: turn by 90° clockwise to see it upright
ORIENTATION = 0x0112


def _scene(size: tuple[int, int] = (120, 90)) -> Image.Image:
    """A picture with a right way up."""
    image = Image.new("RGB", size, (120, 180, 240))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, size[1] * 2 // 3, *size), fill=(40, 140, 40))
    pen.ellipse((80, 5, 110, 35), fill=(250, 220, 40))
    return image


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _sideways() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = SIDEWAYS
    return _saved(_scene().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)


def _noise() -> bytes:
    pixels = np.random.default_rng(7).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    return _saved(Image.fromarray(pixels), "JPEG")


UPRIGHT, ROTATED = "upright.jpg", "exif-rotated.jpg"
GOOD: dict[str, bytes] = {
    "plain.png": _saved(_scene(), "PNG"),
    "animated.gif": _saved(_scene(), "GIF", save_all=True, append_images=[Image.new("RGB", (120, 90), "red")]),
    "cmyk.jpg": _saved(_scene().convert("CMYK"), "JPEG"),
    "16-bit.png": _saved(Image.fromarray(np.linspace(0, 65_535, 8_100).reshape(90, 90).astype(np.uint16)), "PNG"),
    "alpha.png": _saved(Image.new("RGBA", (90, 90), (200, 30, 30, 90)), "PNG"),
    UPRIGHT: _saved(_scene(), "JPEG", quality=95),
    ROTATED: _sideways(),
}
TRUNCATED, GIVEN_BACK = "truncated.jpg", _noise()
SENT: dict[str, bytes] = {
    **GOOD,
    "bomb.png": _saved(Image.new("1", (8000, 8000)), "PNG"),  # 8 KB that unpack to 64 megapixels
    TRUNCATED: GIVEN_BACK[: len(GIVEN_BACK) // 2],
    "empty.jpg": b"",
    "page.jpg": b"<!doctype html><title>Sign in</title>",
}
MOVED = {
    "to-loopback.jpg": f"http://{FORBIDDEN}:{{port}}/plain.png",
    "to-metadata.jpg": "http://169.254.169.254/latest/meta-data/",
    "to-private-name.jpg": "http://private.test:{port}/plain.png",
}
ENDLESS = "endless.jpg"
# What each is put on record as, and whether another try may end better.
REASONS: dict[str, tuple[str, bool]] = {
    "bomb.png": ("too-many-pixels", False),
    TRUNCATED: ("truncated", True),
    "empty.jpg": ("empty", True),
    "page.jpg": ("http-answer", True),
    "to-loopback.jpg": ("address-not-allowed", True),
    "to-metadata.jpg": ("address-not-allowed", True),
    "to-private-name.jpg": ("address-not-allowed", True),
    "private-host.jpg": ("address-not-allowed", True),
    ENDLESS: ("too-many-bytes", False),
}


class _Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.asked[name] += 1
        if self.server.trouble is not None:
            self._be_in_trouble(self.server.trouble)
        elif name in self.server.forbidden:
            self._answer(403, b"")
        elif name in MOVED:
            self._answer(302, b"", Location=MOVED[name].format(port=self.server.server_port))
        elif name == ENDLESS:
            self._stream()
        else:
            self._answer(200, self.server.photos.get(name, b""), **{"Content-Type": "image/jpeg"})

    def _be_in_trouble(self, trouble: str) -> None:
        """How a host is that has a bad day; one that is `away` hangs up."""
        if trouble == "slow":
            self.server.patience.wait(1)
        elif trouble == "page":
            self._answer(200, SENT["page.jpg"], **{"Content-Type": "text/html"})
        elif trouble == "page called an image":
            self._answer(200, SENT["page.jpg"], **{"Content-Type": "image/jpeg"})
        elif trouble == "busy":
            self._answer(503, b"")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self._answer(200, b"", **{"Content-Type": "image/jpeg"})
        until = time.monotonic() + ENDLESS_SECONDS
        try:
            while time.monotonic() < until:
                self.wfile.write(bytes(65_536))
        except OSError:  # the reader has had enough
            pass

    def log_message(self, *args: object) -> None:
        """Nothing on the terminal."""


class Server(ThreadingHTTPServer):
    """Sends its photos, by name, and counts who asked for what."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.photos = dict(SENT)
        self.asked: Counter[str] = Counter()
        self.trouble: str | None = None
        self.forbidden: set[str] = set()
        self.patience = threading.Event()  # never set: whoever waits for a slow answer gives up first


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The photo host and the server that nobody may reach, on one port."""

    photos: Server
    forbidden: Server

    @property
    def port(self) -> int:
        return self.photos.server_port

    def url(self, name: str) -> str:
        """What a post says of a photo."""
        host = "private.test" if name == "private-host.jpg" else "photos.test"
        return f"http://{host}:{self.port}/{name}"

    def source(self, *, media_root: Path | None = None) -> PhotoSource:
        """Reads from them as the jobs do, behind a resolver that knows the names. Every host is on the allow-list, so
        that it is the addresses which are refused."""
        names = ("photos.test", "private.test", FORBIDDEN)
        return PhotoSource(
            media_root=media_root,
            hosts=[*(f"{name}:{self.port}" for name in names), "169.254.169.254"],
            limits=FetchLimits(seconds=5.0, max_bytes=MAX_BYTES),
            resolver=self._resolve,
            is_allowed=lambda address: address == PHOTO_HOST,
        )

    def _resolve(self, host: str, port: int) -> Sequence[str]:
        return {"photos.test": [PHOTO_HOST], "private.test": [FORBIDDEN]}.get(host, [host])


@contextmanager
def photo_hosts() -> Iterator[Hosts]:
    """Both servers, until the block ends."""
    with serving_on_one_port(Server, PHOTO_HOST, FORBIDDEN) as (photos, forbidden):
        yield Hosts(photos=photos, forbidden=forbidden)
