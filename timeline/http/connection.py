"""A client's connection: bytes in, requests one after the other, answers out.

All parsing is httptools' (llhttp). It is given one head, or the bytes of one body, at a time: what a client sends ahead
waits unparsed, at most one buffer of it, and the kernel holds back the rest. A body is taken only as the app asks for
it. So nobody holds more than a buffer and a head here, whatever they send; all waits for a client have a deadline.
"""

import asyncio
import re
import socket
import struct
from typing import Protocol, cast

import httptools

from timeline.http.exchange import Exchange, head_of
from timeline.http.limits import MAX_HEADERS
from timeline.http.refusal import Refused, refusal
from timeline.http.request import TOO_LARGE, request_of

HEAD_SECONDS = 10.0  # for a first byte, and for the whole head
BODY_SECONDS = 30.0  # for all of a body that is asked for
WRITE_SECONDS = 30.0  # for a client to read what is written
LINGER_SECONDS = 2.0  # that what still comes is thrown away, so that the last answer is read before the reset
STOP_SECONDS = 2.0  # that a server that stops waits for what is on its way on idle connections
MAX_TRAILER = 65_536  # bytes of a chunked body that are no content
WRITE_BUFFER = 16_384  # bytes of an answer that wait for a client before its app has to
BLANK_LINE = b"\r\n\r\n"
_UPGRADE = re.compile(rb"(?im)^upgrade:[^\r\n]*\r\n")
NEVER = float("inf")
NO_LINGER = struct.pack("ii", 1, 0)


class Owner(Protocol):
    """The server, as its connections see it."""

    loop: asyncio.AbstractEventLoop
    buffer: memoryview  # where bytes arrive, of whichever connection
    date: bytes  # a header's line
    keep_alive: float  # seconds
    is_stopping: bool

    def begin(self, exchange: Exchange) -> None: ...
    def joined(self, connection: "Connection") -> None: ...
    def left(self, connection: "Connection") -> None: ...


class Connection(asyncio.BufferedProtocol):
    """One of them."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._parser = httptools.HttpRequestParser(self)
        self._held = b""  # what has come and is not parsed
        self._tail = b""  # the last bytes of a head so far: its blank line may be cut in two
        self._head = b""  # of the request whose head is being parsed, as it came
        self._target, self._headers = b"", list[tuple[bytes, bytes]]()
        self._is_in_body = False  # the parser has a head, and not all of its body
        self._body_left: int | None = None  # bytes; None: it comes in chunks
        self._around_body = 0  # bytes of chunks that are no content
        self._wants_body = False
        self._exchange: Exchange | None = None  # from a whole head to the end of its answer
        self._is_reading, self._is_ended = True, False
        self._drained: asyncio.Future[None] | None = None  # while the client does not read
        self.is_last = False  # the answer under way is the connection's last one
        self.is_over = False  # nothing is answered any more
        self.has_served = False
        self.waits_since = self._owner.loop.time()
        self.deadline = self.waits_since + HEAD_SECONDS

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._owner.joined(self)

    def get_buffer(self, _sizehint: int) -> memoryview:
        """All connections share one buffer: its bytes are taken out before anything else is read."""
        return self._owner.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.is_over:
            return
        if self._exchange is None and not (self._held or self._head):
            self._begin_wait(HEAD_SECONDS)
        self._held += bytes(self._owner.buffer[:nbytes])
        self._advance()

    def eof_received(self) -> bool:
        """The client sends no more, and may well read: what it has sent is answered."""
        self._is_ended = True
        if self._is_in_body and self._exchange is not None:
            self._exchange.is_gone()  # the rest of its body never comes
        return self._exchange is not None and not self._is_in_body

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_over = True
        self.deadline = NEVER
        self.resume_writing()
        if self._exchange is not None:
            self._exchange.is_gone()
        self._owner.left(self)

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = self._owner.loop.create_future()
            self.deadline = self._owner.loop.time() + WRITE_SECONDS

    def resume_writing(self) -> None:
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None
            if not self.is_over:
                self.deadline = NEVER
                self._next()

    # --- what the parser calls

    def on_message_begin(self) -> None:
        if self._exchange is not None:
            raise Refused(400, "bad-request", "a request within another one")
        self._target, self._headers = b"", []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_body:  # what follows a body concerns nobody here
            self._headers.append((name.lower(), value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        if self._offers_upgrade():
            return  # see `_parse`
        request = request_of(self._parser.get_method(), self._parser.get_http_version(), self._target, self._headers)
        self._is_in_body, self._body_left, self._around_body = True, request.body_bytes, 0
        self._head = self._tail = b""
        self.is_last = (
            self._owner.is_stopping
            or request.version == "1.0"
            or self._parser.should_upgrade()  # CONNECT: what comes after the head may be another protocol
            or not self._parser.should_keep_alive()
        )
        self.deadline = NEVER
        self._exchange = Exchange(self, request)

    def on_body(self, body: bytes) -> None:
        self._wants_body = False
        if self._exchange is not None:
            self._exchange.on_body(body)
        if self._body_left is not None:
            self._body_left -= len(body)
        else:
            self._around_body -= len(body)

    def on_message_complete(self) -> None:
        self._is_in_body = False
        if self._exchange is not None:
            self._exchange.on_whole_body()

    # --- requests, one after the other

    def _advance(self) -> None:
        """Parse what is due: the next head when no request is under way, else its body when the app asks for it."""
        while self._held and self._is_due():
            piece = self._piece()
            self._held = self._held[len(piece) :]
            if not self._parse(piece):
                return
            if self._exchange is not None and not self._exchange.has_begun:
                self._exchange.has_begun = True
                self._owner.begin(self._exchange)
        self._read(not self._held)

    def _is_due(self) -> bool:
        return self._wants_body if self._is_in_body else self._exchange is None and self._drained is None

    def _piece(self) -> bytes:
        """What of the bytes held belongs to one head, or to one body."""
        held = self._held
        if self._is_in_body and self._body_left is not None:
            return held[: self._body_left]
        joined = self._tail + held
        at = joined.find(BLANK_LINE)
        piece = held if at < 0 else held[: at + len(BLANK_LINE) - len(self._tail)]
        self._tail = b"" if at >= 0 else joined[1 - len(BLANK_LINE) :]
        return piece

    def _parse(self, piece: bytes) -> bool:
        try:
            if self._is_in_body:
                self._around_body += len(piece) if self._body_left is None else 0
                if self._around_body > MAX_TRAILER:
                    raise Refused(413, "body-too-large", "chunks: expected larger ones, and no long trailer")
            else:
                self._head += piece
                if len(self._head) > MAX_HEADERS:
                    raise TOO_LARGE
            self._feed(piece)
        except Refused as refused:
            self.refuse(refused)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self.refuse(cause if isinstance(cause, Refused) else NO_HTTP)
        return not self.is_over

    def _feed(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            if not self._offers_upgrade():
                self._held = b""
                return
            # A server may ignore the offer of another protocol (RFC 9110, 7.8), and then the body counts; the parser
            # would leave it out. So it reads the head once more, without the offer.
            self._parser = httptools.HttpRequestParser(self)
            self._parser.feed_data(_UPGRADE.sub(b"", self._head))

    def _offers_upgrade(self) -> bool:
        return self._parser.should_upgrade() and self._parser.get_method() != b"CONNECT"

    def _read(self, wanted: bool) -> None:  # noqa: FBT001 - what the transport is to do
        if wanted != self._is_reading and not self.transport.is_closing():
            self._is_reading = wanted
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    def _begin_wait(self, seconds: float) -> None:
        self.waits_since = self._owner.loop.time()
        self.deadline = self.waits_since + seconds

    # --- what an exchange asks for

    @property
    def date(self) -> bytes:
        """A header's line."""
        return self._owner.date

    def want_body(self) -> None:
        """Take the next piece of the body under way."""
        if self._is_in_body:
            if self.deadline == NEVER:
                self._begin_wait(BODY_SECONDS)
            self._wants_body = True
            self._advance()

    def has_body_to_come(self) -> bool:
        """Whether a part of the body under way is not here: then the connection ends with this answer."""
        while self._is_in_body and self._held and not self.is_over:  # what is here is thrown away
            self._wants_body = True
            if not self._parse(self._piece_taken()):
                break
        return self._is_in_body

    def _piece_taken(self) -> bytes:
        piece = self._piece()
        self._held = self._held[len(piece) :]
        return piece

    async def drain(self) -> None:
        """Wait until the client reads."""
        if self._drained is not None:
            await self._drained

    def answered(self) -> None:
        """The answer under way is written."""
        self._exchange, self.has_served = None, True
        if self.is_over or self.transport.is_closing():
            return
        if self.is_last:  # as the answer has said
            self.close(is_read=not self._is_in_body)
        else:
            self._next()

    def _next(self) -> None:
        if self._exchange is not None or self._drained is not None or self.is_over:
            return
        self._begin_wait(HEAD_SECONDS if self._held else self._owner.keep_alive)
        self._advance()
        if self._is_ended and self._exchange is None and not self.is_over:
            self.close()

    @property
    def is_waiting(self) -> bool:
        """Whether nobody is at work for this connection: it waits for its client, or for its end."""
        return self._exchange is None

    @property
    def held_bytes(self) -> int:
        """What has come and nobody has taken yet."""
        return len(self._held) + (self._exchange.held_bytes if self._exchange else 0)

    # --- ends

    def refuse(self, refused: Refused) -> None:
        """Answer in the app's place, if nothing was answered, and end."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.is_gone()
        if exchange is None or not exchange.has_answered:
            lines, body = refusal(refused.status, refused.slug, refused.detail)
            head = head_of(refused.status, self._owner.date, lines, is_last=True)
            self.transport.write(head + body)
        self.close(is_read=False)

    def close(self, *, is_read: bool = True) -> None:
        """End after what is written; where more may come, throw that away first, lest a reset overtakes the answer."""
        self.is_over = True
        self._held = b""
        if is_read or not self.transport.can_write_eof():
            self.deadline = self._owner.loop.time() + WRITE_SECONDS
            self.transport.close()
        else:
            self.deadline = self._owner.loop.time() + LINGER_SECONDS
            self._read(wanted=True)
            self.transport.write_eof()

    def abort(self) -> None:
        """End with a reset, so that the client knows that the answer is not whole."""
        opened = self.transport.get_extra_info("socket")
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.transport.abort()

    def stop(self) -> None:
        """The server stops: what is under way is answered, and what is on its way too."""
        self.is_last = True
        if self._exchange is None and not self.is_over:
            self.deadline = min(self.deadline, self._owner.loop.time() + STOP_SECONDS)

    def expire(self) -> None:
        """The deadline has passed."""
        if self.is_over or self._drained is not None:
            self.transport.abort()
        elif self._exchange is not None:
            self.refuse(Refused(408, "request-timeout", "the body did not come in time"))
        elif self._head:
            self.refuse(Refused(408, "request-timeout", "the head did not come in time"))
        else:
            self.close()


NO_HTTP = Refused(400, "bad-request", "expected HTTP/1.1")
