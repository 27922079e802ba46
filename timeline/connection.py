"""A client's connection: uvicorn's, past whose request cycle a plain page's request goes.

What uvicorn does for each request (parsing it piece by piece, a scope, a cycle, head and body written one after the
other) costs a tenth of a page. Here the bytes of one whole plain request are recognised as such (`timeline.lane`), and
its answer is written at once. Any other bytes are uvicorn's, as if this class were not there.
"""

import asyncio
from functools import lru_cache
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from timeline.app import TimelineApp
from timeline.body import MEDIA_TYPE
from timeline.http.security_headers import LINES
from timeline.lane import Lane, PlainRequest, plain_request
from timeline.paths import QUESTION_MARK

_HEAD = b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\ncontent-type: " + MEDIA_TYPE.encode() + b"\r\n" + LINES + b"%b\r\n"


class Connection(HttpToolsProtocol):
    """Answers requests one after the other, plain ones by the short way."""

    def __init__(self, app: TimelineApp, **given: Any) -> None:
        """
        Args:
            app: has a lane from its start to its stop.
            given: what uvicorn gives its protocols.
        """
        super().__init__(**given)
        self._timeline = app
        self._is_parsing = False  # uvicorn's parser has a request's beginning, and not its end
        self._under_way: asyncio.Task[None] | None = None  # a plain request's answer
        self._held = b""  # what came meanwhile
        self._quiet_since = 0.0  # by the loop's clock: the end of the last plain answer
        self._is_last = False  # the answer under way is the connection's last one

    def data_received(self, data: bytes) -> None:
        """Begin with a plain request's answer, or hand the bytes on."""
        if self._under_way is not None:
            self._held += data
            self.flow.pause_reading()
            return
        lane = self._timeline.lane
        if lane is None or not self._is_free() or (plain := plain_request(data)) is None:
            super().data_received(data)
            return
        self._is_last = plain.is_last
        self._under_way = self.loop.create_task(self._answer(lane, plain, data))
        self.tasks.add(self._under_way)  # the server waits for these when it stops

    def on_url(self, url: bytes) -> None:
        """The parser met a target, or a part of it. A fragment would be cut off, and the path be another one."""
        if b"#" in url:
            raise ValueError("a target with a fragment")  # answered with 400, as all that is no HTTP
        if b"?" in url:
            cast(dict[str, object], self.scope)[QUESTION_MARK] = True
        super().on_url(url)

    def on_message_begin(self) -> None:
        """The parser met a request."""
        self._is_parsing = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The parser has it all."""
        self._is_parsing = False
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """End the connection if it was quiet for so long; plain requests leave the timer as it is."""
        left = self._quiet_since + self.timeout_keep_alive - self.loop.time()
        if left > 0 or self._under_way is not None:
            self._look_again(left if left > 0 else self.timeout_keep_alive)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """End once the answer under way is given."""
        if self._under_way is None:
            super().shutdown()
        self._is_last = True

    def _is_free(self) -> bool:
        """Whether no other request is under way here, and the client reads its answers."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        return not (is_answering or self._is_parsing or self.flow.write_paused)

    async def _answer(self, lane: Lane, plain: PlainRequest, data: bytes) -> None:
        try:
            body = await lane.answer(plain)
        except BaseException:  # nobody may wait for an answer that does not come
            self.transport.close()
            raise
        finally:
            if self._under_way is not None:
                self.tasks.discard(self._under_way)
            self._under_way = None
        if self.transport.is_closing():  # the client has gone
            return
        if body is None:
            super().data_received(data)
        else:
            self._write(body)
        if self._is_last:
            super().shutdown()
        elif self._held:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self.data_received(held)

    def _write(self, body: bytes) -> None:
        given = _lines_of(tuple(self.server_state.default_headers))
        self.transport.write(_HEAD % (given, len(body), b"connection: close\r\n" if self._is_last else b"") + body)
        self.server_state.total_requests += 1
        self._quiet_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def _look_again(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)


@lru_cache(maxsize=2)  # they are others once a second
def _lines_of(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])
