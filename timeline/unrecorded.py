"""Goes on with a chain whose last pages were served, but did not get on record where the chain is. Pure.

A cursor's position is the end of the page that it came with. If no page of the chain ends there or later, that page's
record was lost on its way to Redis; the cursor may carry the posts. They are put at the chain's head, where they would
stand had the record arrived, so that none of them comes again.
"""

from collections.abc import Sequence

from msgspec import Struct

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.records import Chain, Tail


class Mended(Struct, kw_only=True, gc=False):
    """A chain with all that was served at its head, and where the next page starts."""

    chain: Chain
    tail: Tail | None
    position: int


def lacks_record(chain: Chain | None, cursor: Cursor) -> bool:
    """Whether the page that a cursor came with is not on record in this chain."""
    return chain is None or cursor.position > max(chain.page_ends, default=0)


def mended(chain: Chain, tail: Tail | None, cursor: Cursor) -> Mended:
    """A chain that lacks a record, with what the cursor knows of it."""
    recorded, size = max(chain.page_ends, default=0), codec.ENTRY.size
    frozen = chain.frozen.entries
    behind = frozen[recorded * size :] + chain.rest
    served = _not_among(cursor.unrecorded, codec.rows_of(codec.part(frozen, 0, recorded)))
    if not served:  # a cursor that carries nothing: its position is all that is known
        missing = max(0, cursor.position * size - len(frozen))
        longer = chain.frozen.with_entries(frozen + chain.rest[:missing])
        chain = Chain(nonce=chain.nonce, frozen=longer, page_ends=chain.page_ends, rest=chain.rest[missing:])
        length = codec.length_of(longer.entries) + (len(tail) if tail else 0)
        return Mended(chain=chain, tail=tail, position=min(cursor.position, length))
    known = dict(zip(codec.rows_of(behind), codec.split(behind), strict=True))
    if tail is not None:
        entries = tail.entries + tail.rest
        known = dict(zip(codec.rows_of(entries), codec.split(entries), strict=True)) | known  # the list's own counts
    head = [known.get(row) or codec.pack_entry(row, Reason.NEW, 0.0) for row in served]
    gone, position = frozenset(served), recorded + len(served)
    ready = frozen[: recorded * size] + b"".join(head) + _less(frozen[recorded * size :], gone)
    return Mended(
        chain=Chain(
            nonce=chain.nonce, frozen=chain.frozen.with_entries(ready), page_ends=(*chain.page_ends, position),
            rest=_less(chain.rest, gone),
        ),
        tail=None if tail is None else _tail_less(tail, gone),
        position=position,
    )  # fmt: skip


def _tail_less(tail: Tail, gone: frozenset[int]) -> Tail:
    unseen = tail.unseen - sum(row in gone for row in codec.rows_of(codec.part(tail.entries, 0, tail.unseen)))
    return Tail(unseen=unseen, entries=_less(tail.entries, gone), rest=_less(tail.rest, gone))


def _less(entries: bytes, gone: frozenset[int]) -> bytes:
    return codec.without(entries, [at for at, row in enumerate(codec.rows_of(entries)) if row in gone])


def _not_among(rows: Sequence[int], others: Sequence[int]) -> list[int]:
    return [row for row in dict.fromkeys(rows) if row not in set(others)]
