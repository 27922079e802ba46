"""One request and its answer, as an ASGI app has them."""

import asyncio
import http
import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from timeline.http.exact_paths import QUESTION_MARK
from timeline.http.refusal import Refused

if TYPE_CHECKING:
    from timeline.http.connection import Connection
    from timeline.http.request import Request

CLOSE = b"connection: close\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS = {each.value: b"HTTP/1.1 %d %b\r\n" % (each.value, each.phrase.encode()) for each in http.HTTPStatus}
_WITHOUT_BODY = frozenset({204, 304})
_LINE_BREAK = re.compile(rb"[\r\n\0]")

_log = logging.getLogger(__name__)


class Exchange:
    """Between the connection, which has the bytes, and the app."""

    __slots__ = ("_body", "_connection", "_gone", "_is_chunked", "_is_silent", "_is_whole", "_news", "_start",
                 "_was_told_all", "has_answered", "has_begun", "has_ended", "request")  # fmt: skip

    def __init__(self, connection: "Connection", request: "Request") -> None:
        self._connection, self.request = connection, request
        self._body, self._is_whole, self._was_told_all, self._gone = b"", False, False, False
        self._news = asyncio.Event()
        self._start: Message | None = None
        self._is_silent = False  # the answer has a head only
        self._is_chunked = False  # its length is not known before its end, which the client must be able to see
        self.has_begun, self.has_answered, self.has_ended = False, False, False

    # --- what the connection tells

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        self._body += body
        self._notify()

    def on_whole_body(self) -> None:
        """All of it has."""
        self._is_whole = True
        self._notify()

    def is_gone(self) -> None:
        """Nobody waits for the answer any more."""
        self._gone = True
        self._notify()

    def _notify(self) -> None:
        self._news.set()

    @property
    def held_bytes(self) -> int:
        """Of the body, what the app has not taken yet."""
        return len(self._body)

    # --- what the app sees

    async def run(self, app: ASGIApp) -> None:
        """Have the app answer."""
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:  # the app has said what the client may know
            _log.exception("a request failed")
        if self._gone or self._connection.is_over:
            return
        if not self.has_answered:
            self._connection.refuse(Refused(500, "internal", "this is a fault of ours; it was logged"))
        elif not self.has_ended:
            self._connection.abort()  # nobody may take half an answer for a whole one

    async def whole_body(self) -> bytes | None:
        """The body, once all of it is here; the app may still take it. None if nobody waits for the answer any more."""
        while not self._is_whole:
            before = len(self._body)
            self._connection.want_body()  # gives what is here, and then has to be asked again
            if not self._is_whole and len(self._body) == before:
                if self._gone:
                    return None
                self._news.clear()
                await self._news.wait()
        return self._body

    def answer(self, lines: bytes, body: bytes, *, status: int = 200) -> None:
        """A whole answer, which needs no app; the request has no body, or all of it is here."""
        connection = self._connection
        if not (self._gone or connection.is_over):
            connection.transport.write(head_of(status, connection.date, lines, is_last=connection.is_last) + body)
            connection.answered()

    def _scope(self) -> Scope:
        """What ASGI says of the request."""
        request, transport = self.request, self._connection.transport
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": request.version,
            "method": request.method.decode(), "scheme": "http", "root_path": "", "headers": request.headers,
            "path": unquote(request.path.decode()), "raw_path": request.path, "query_string": request.query or b"",
            QUESTION_MARK: request.query is not None, "client": transport.get_extra_info("peername")[:2],
            "server": transport.get_extra_info("sockname")[:2], "state": {},
        }  # fmt: skip

    async def _receive(self) -> Message:
        if self.request.expects_continue and not (self._has_news() or self._was_told_all):
            self._connection.transport.write(CONTINUE)
        while not self._has_news():
            self._connection.want_body()
            if not self._has_news():
                self._news.clear()
                await self._news.wait()
        if self._gone or self._was_told_all or self.has_ended:
            return {"type": "http.disconnect"}
        body, self._body = self._body, b""
        self._was_told_all = self._is_whole
        return {"type": "http.request", "body": body, "more_body": not self._is_whole}

    def _has_news(self) -> bool:
        """Whether there is something to tell: a part of the body, its end, or that nobody waits any more."""
        if self._gone or self.has_ended:
            return True
        return not self._was_told_all and (bool(self._body) or self._is_whole)

    async def _send(self, message: Message) -> None:
        if self._gone or self._connection.is_over:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        body, is_end = message.get("body", b""), not message.get("more_body", False)
        head = b"" if self.has_answered else self._head(len(body) if is_end else None)
        if self._connection.is_over:  # what is left of the request's body is no HTTP
            return
        self.has_answered, self.has_ended = True, is_end
        self._connection.transport.write(head if self._is_silent else head + self._framed(body, is_end=is_end))
        if is_end:
            self._notify()
            self._connection.answered()
        else:
            await self._connection.drain()

    def _framed(self, body: bytes, *, is_end: bool) -> bytes:
        """A piece of the body as it is sent."""
        if not self._is_chunked:
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk + b"0\r\n\r\n" if is_end else chunk

    def _head(self, size: int | None) -> bytes:
        """The answer's head; `size` of a body that comes in one piece.

        Without one the body comes in chunks, or, for a client of HTTP/1.0, its end is the connection's.
        """
        assert self._start is not None
        status, headers = self._start["status"], list(self._start.get("headers", ()))
        self._is_silent = self.request.method == b"HEAD" or status in _WITHOUT_BODY
        if any(name == b"connection" for name, _ in headers):  # the app says `close`, and so does the head
            headers = [header for header in headers if header[0] != b"connection"]
            self._connection.is_last = True
        if not any(name == b"content-length" for name, _ in headers) and status not in _WITHOUT_BODY:
            if size is not None:
                headers.append((b"content-length", b"%d" % size))
            elif self.request.version == "1.1":
                self._is_chunked = True
                headers.append((b"transfer-encoding", b"chunked"))
            else:
                self._connection.is_last = True
        if self._connection.has_body_to_come():
            self._connection.is_last = True
        return head_of(status, self._connection.date, lines_of(headers), is_last=self._connection.is_last)


def head_of(status: int, date: bytes, lines: bytes, *, is_last: bool) -> bytes:
    """An answer's head."""
    return b"".join((_STATUS[status], date, lines, CLOSE if is_last else b"", b"\r\n"))


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they stand in a head.

    Raises:
        ValueError: one would begin a line of its own.
    """
    for header in headers:
        if any(map(_LINE_BREAK.search, header)):
            raise ValueError(f"header {header[0]!r}: holds a line break")
    return b"".join([b"%b: %b\r\n" % header for header in headers])
