"""First pages that clients can ask for again by their `request_id`: which chain each of them began.

A record stands beside the chain that it names, in a key of the same slot, and is written in the same step as the chain
(`scripts.BEGIN_REPEATABLE`): of requests that race, one begins a chain, and the others are told of it.
"""

from typing import cast

from msgspec import Struct

from shared.ranked_lists import keys
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.records import NONCE_BYTES
from shared.ranked_lists.timeline_store import TimelineStore

MARK_BYTES = 16  # of a request: a hash of its `request_id` and of all that its page depends on
VALUE_BYTES = MARK_BYTES + NONCE_BYTES + 1


class RequestMark(Struct, frozen=True, gc=False):
    """A first page's request, as it is recorded."""

    mark: bytes
    replaces: bytes = b""  # nonce of the chain that it is known to have begun, and that cannot be continued


class AlreadyBegun(Exception):
    """The same request has begun a chain, on this process or another one: nothing was written."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__()
        self.cursor = cursor  # of its first page


def pack_request(mark: bytes, nonce: bytes, slot: int) -> bytes:
    """mark, 16 bytes · nonce of the chain, 8 bytes · its slot u8."""
    return mark + nonce + bytes([slot])


def first_page_of(value: bytes) -> Cursor:
    """The cursor of the first page that a record names."""
    return Cursor(slot=value[-1], nonce=value[MARK_BYTES : MARK_BYTES + NONCE_BYTES], position=0)


async def find_first_page(
    reader: TimelineStore, user_id: str, mark: bytes, within: float | None = None
) -> Cursor | None:
    """The first page that a request has got before; None if it got none within the last minute.

    Raises:
        StoreUnavailable: no answer within the budget.
    """
    (values,) = await reader.ask([("MGET", *keys.requests_of(user_id))], within)
    for value in cast(list[bytes | None], values):
        if value is not None and len(value) == VALUE_BYTES and value.startswith(mark) and value[-1] < keys.ALL_SLOTS:
            return first_page_of(value)
    return None
