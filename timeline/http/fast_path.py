"""The fast path: what phones cause most is answered before the framework sees it, at a fraction of its cost.

That is a plain `GET /timeline/{user_id}` and a plain `POST /interactions` (see `timeline.http.plain_requests`). Others,
and those that are refused (a wrong token, a forged cursor), go through the routes; so each rule and each refusal is
written once. Both ways give the same bytes.
"""

import logging
import time
from typing import TYPE_CHECKING

from shared.errors import WarmlineError
from timeline.feed.records import PageRequest
from timeline.http.compression import LEAST_BYTES, compress, takes_gzip
from timeline.http.event_batches import add_batch
from timeline.http.json_bodies import parse
from timeline.http.limits import BodyRoom
from timeline.http.page_json import MEDIA_TYPE, page_body
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem, problem_of
from timeline.http.request_log import note
from timeline.http.schemas import MAX_EVENTS
from timeline.http.security_headers import LINES

if TYPE_CHECKING:
    from timeline.http.request import Request
    from timeline.state import State

_HEAD = b"content-length: %d\r\ncontent-type: " + MEDIA_TYPE.encode() + b"\r\n"
_GZIP = b"content-encoding: gzip\r\n"
_VARY, _VARY_BY_ORIGIN = b"vary: Accept-Encoding\r\n", b"vary: Accept-Encoding, Origin\r\n"
_log = logging.getLogger(__name__)


class FastPath:
    """Answers plain requests."""

    _is_read_by_sites = False

    def __init__(self, state: "State", *, room: BodyRoom, writes_lines: bool) -> None:
        self._state, self.room, self._writes_lines = state, room, writes_lines
        self._is_read_by_sites = bool(state.settings.cors_origins)
        self._lines = (_VARY_BY_ORIGIN if self._is_read_by_sites else _VARY) + LINES

    def is_from_site(self, request: "Request") -> bool:
        """Whether a site's script may have sent a request: then the routes decide whether it may read the answer."""
        return self._is_read_by_sites and b"origin" in request.fields

    async def page(
        self, wanted: PageRequest, authorization: bytes, accept_encoding: bytes = b""
    ) -> tuple[bytes, bytes] | None:
        """The header lines and the JSON of a page; None if the routes must answer."""
        begun = time.perf_counter()
        try:
            self._state.authorizer.admit_reader(authorization.decode("latin-1"), wanted.user_id)
            page = await self._state.feed.page(wanted)
        except Exception:
            return None  # refused or failed: the routes answer instead
        body = page_body(page)
        note(self._state.metrics, page, 200, time.perf_counter() - begun, writes_lines=self._writes_lines)
        if len(body) >= LEAST_BYTES and takes_gzip(accept_encoding):
            body = compress(body)
            return _HEAD % len(body) + _GZIP + self._lines, body
        return _HEAD % len(body) + self._lines, body

    def is_backend(self, authorization: bytes) -> bool:
        """Whether a header is that of the app's backend; the routes refuse others."""
        try:
            return self._state.authorizer.is_backend(authorization.decode("latin-1"))
        except Problem:  # the token is too long
            return False

    async def add_events(self, body: bytes) -> PrintableJSON | None:
        """The answer to a batch of events; None if the routes must answer, and nothing was stored."""
        batch = _batch_of(body)
        if batch is None:
            return None
        try:
            return await add_batch(self._state, batch)
        except Exception as error:
            if not isinstance(error, WarmlineError):
                _log.exception("a request failed")
            return problem_of(error, method="POST", route="/interactions")


def _batch_of(body: bytes) -> list[object] | None:
    try:
        batch = parse(body)
    except ValueError:
        return None
    return batch if isinstance(batch, list) and len(batch) <= MAX_EVENTS else None
