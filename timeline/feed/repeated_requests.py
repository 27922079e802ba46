"""First pages under a `request_id`: a client that got no answer asks again, and gets the same page.

The page is not kept. Its chain is, and where its pages end (`shared.ranked_lists.repeatable_pages`): so it is repeated
like that of a cursor, without what must not be shown any more, and without being recorded as seen once more.
"""

from contextlib import suppress
from functools import partial
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from shared.errors import StoreUnavailable
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.repeatable_pages import MARK_BYTES, RequestMark, find_first_page
from shared.ranked_lists.timeline_store import TimelineStore
from timeline.feed.records import PageRequest
from timeline.stores.budgets import RequestBudget, Stores


def mark_of(request: PageRequest) -> bytes | None:
    """What a request is known by: its id, and all that its page depends on; the same on every process.

    None for a request without an id, and for a later page: its cursor says which page it is.
    """
    if request.request_id is None or request.cursor is not None:
        return None
    return blake2b(msgspec.msgpack.encode(request, order="deterministic"), digest_size=MARK_BYTES).digest()


async def begun_before(
    request: PageRequest, budget: RequestBudget, *, stores: Stores, reader: TimelineStore
) -> Cursor | None:
    """The cursor of the first page that this request got before; None if there is none, or Redis does not answer."""
    mark = mark_of(request)
    if mark is not None:
        with suppress(StoreUnavailable):  # the page will say `degraded`
            return await stores.redis_with_timeout(budget, partial(find_first_page, reader, request.user_id, mark))
    return None


def request_mark(request: PageRequest, known: Cursor | None) -> RequestMark | None:
    """How a first page's request is recorded; `known` is where it began before, if that cannot be continued."""
    mark = mark_of(request)
    return None if mark is None else RequestMark(mark, b"" if known is None else known.nonce)


def without_id(request: PageRequest) -> PageRequest:
    """The same request, which can be made but once."""
    return replace(request, request_id=None)
