"""Goes on with a chain whose last pages were served, but did not get on record where the chain is. Pure.

A cursor's position is the end of the page that it came with. If no page of the chain ends there or later, that page's
record was lost on its way to Redis; the cursor may carry the posts. They are put at the chain's head, where they would
stand had the record arrived, so that none of them comes again.
"""

from collections.abc import Sequence, Set

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
    """A chain that lacks a record, with what the cursor knows of it.

    The cursor may know the last pages only. What was served between those and the last page on record was, mostly, what
    comes next in the list: so many posts are taken for it.
    """
    recorded = max(chain.page_ends, default=0)
    start = codec.part(chain.frozen.entries, 0, recorded)
    served = _not_among(cursor.unrecorded, codec.rows_of(start))
    ready, rest = codec.part(chain.frozen.entries, recorded), chain.rest
    all_entries = ready + rest + (tail.entries + tail.rest if tail else b"")
    known: dict[int, bytes] = {}
    for row, entry in zip(codec.rows_of(all_entries), codec.split(all_entries), strict=True):
        known.setdefault(row, entry)  # the list's own counts, not the tail's
    between = max(0, cursor.position - recorded - len(served))
    skipped = _not_among(codec.rows_of(all_entries), served)[:between]
    head = [known.get(row) or codec.pack_entry(row, Reason.NEW, 0.0) for row in (*skipped, *served)]
    gone, position = frozenset((*skipped, *served)), recorded + len(head)
    frozen = chain.frozen.with_entries(start + b"".join(head) + _less(ready, gone))
    return Mended(
        chain=Chain(
            nonce=chain.nonce, frozen=frozen, page_ends=(*chain.page_ends, position), rest=_less(rest, gone)
        ),
        tail=None if tail is None else _tail_less(tail, gone),
        position=position,
    )  # fmt: skip


def less_seen(chain: Chain, position: int, seen: Set[int]) -> Chain:
    """A chain that began while Redis was away, when nobody could tell what its user had seen: that comes at the end."""
    entries = chain.frozen.entries
    ready = _less(codec.part(entries, position), seen)
    frozen = chain.frozen.with_entries(codec.part(entries, 0, position) + ready)
    return Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=chain.rest)


def _tail_less(tail: Tail, gone: frozenset[int]) -> Tail:
    unseen = tail.unseen - sum(row in gone for row in codec.rows_of(codec.part(tail.entries, 0, tail.unseen)))
    return Tail(unseen=unseen, entries=_less(tail.entries, gone), rest=_less(tail.rest, gone))


def _less(entries: bytes, gone: Set[int]) -> bytes:
    return codec.without(entries, [at for at, row in enumerate(codec.rows_of(entries)) if row in gone])


def _not_among(rows: Sequence[int], others: Sequence[int]) -> list[int]:
    known = set(others)
    return [row for row in dict.fromkeys(rows) if row not in known]
