"""Continues a chain whose last pages were served, but not recorded in Redis. Pure.

A cursor's position is the end of the page that it came with. If no page of the chain ends there or later, that page's
record did not reach Redis; the cursor may carry its posts. They are put at the beginning of the chain, where the record
would have put them, so that none of them is served again.
"""

from collections.abc import Sequence, Set

from msgspec import Struct

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.records import Chain, Tail

_BLANK = codec.pack_entry(0, Reason.NEW, 0.0)  # rows begin at 1


class RestoredChain(Struct, kw_only=True, gc=False):
    """A chain that begins with everything that was served, and the position of its next page."""

    chain: Chain
    tail: Tail | None
    position: int


def lacks_record(chain: Chain | None, tail: Tail | None, cursor: Cursor) -> bool:
    """Whether the page that a cursor came with is not on record in this chain.

    An end that lies behind the cursor's position does not tell it alone: a process that could not read the chain began
    it anew, and what it served there may be another page. So what the cursor knows must stand before its position.
    """
    if chain is None or cursor.position > max(chain.page_ends, default=0):
        return True
    if not cursor.unrecorded:
        return False
    before, _ = _split_at(chain, tail, cursor.position)
    return not set(cursor.unrecorded).issubset(codec.post_numbers_of(before))


def is_later_state(chain: Chain, earlier: Chain) -> bool:
    """Whether more pages were served of this chain than of an earlier state of it.

    One that began anew while Redis was away has the same nonce and another list: it continues nothing.
    """
    end = max(earlier.page_ends, default=0)
    ours, theirs = (
        (each.frozen.source, each.frozen.generation, codec.post_numbers_of(codec.part(each.frozen.entries, 0, end)))
        for each in (chain, earlier)
    )
    return len(chain.page_ends) > len(earlier.page_ends) and ours == theirs


def with_unrecorded(chain: Chain, tail: Tail | None, cursor: Cursor) -> RestoredChain:
    """A chain that lacks a record, with what the cursor knows of it.

    The cursor may know the last pages only. What was served between those and the last page on record was, mostly, what
    comes next in the list: so many posts are taken for it. The position never goes back, or it would name a place in a
    page that was served before; where posts are missing for that, blank entries stand for them.
    """
    recorded = max(chain.page_ends, default=0)
    start, tail = _split_at(chain, tail, recorded)
    served = _absent_from(cursor.unrecorded, codec.post_numbers_of(start))
    ready, rest = codec.part(chain.frozen.entries, recorded), chain.rest
    all_entries = ready + rest + (tail.entries + tail.rest if tail else b"")
    known: dict[int, bytes] = {}
    for number, entry in zip(codec.post_numbers_of(all_entries), codec.split(all_entries), strict=True):
        known.setdefault(number, entry)  # the list's own counts, not the tail's
    between = max(0, cursor.position - recorded - len(cursor.unrecorded))
    skipped = _absent_from(codec.post_numbers_of(all_entries), served)[:between]
    head = [known.get(number) or codec.pack_entry(number, Reason.NEW, 0.0) for number in (*skipped, *served)]
    head = [_BLANK] * (cursor.position - recorded - len(head)) + head
    gone, position = frozenset((*skipped, *served)), recorded + len(head)
    frozen = chain.frozen.with_entries(start + b"".join(head) + _without(ready, gone))
    return RestoredChain(
        chain=Chain(
            nonce=chain.nonce, frozen=frozen, page_ends=(*chain.page_ends, position), rest=_without(rest, gone)
        ),
        tail=None if tail is None else _tail_without(tail, gone),
        position=position,
    )  # fmt: skip


def without_seen(chain: Chain, tail: Tail | None, position: int, seen: Set[int]) -> Chain:
    """A chain that began while Redis was away, when nobody could tell what its user had seen: that comes at the end.

    What was served of its tail belongs to the chain from now on; the tail is to be worked out again.
    """
    before, _ = _split_at(chain, tail, position)
    frozen = chain.frozen.with_entries(before + _without(codec.part(chain.frozen.entries, position), seen))
    return Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=chain.rest)


def _split_at(chain: Chain, tail: Tail | None, position: int) -> tuple[bytes, Tail | None]:
    """The entries before a position, also those in the tail, and what is left of the tail behind it."""
    entries = chain.frozen.entries
    beyond = position - codec.length_of(entries)
    if tail is None or beyond <= 0:
        return codec.part(entries, 0, position), tail
    left = Tail(unseen=max(0, tail.unseen - beyond), entries=codec.part(tail.entries, beyond), rest=tail.rest)
    return entries + codec.part(tail.entries, 0, beyond), left


def _tail_without(tail: Tail, gone: frozenset[int]) -> Tail:
    unseen = tail.unseen - sum(
        number in gone for number in codec.post_numbers_of(codec.part(tail.entries, 0, tail.unseen))
    )
    return Tail(unseen=unseen, entries=_without(tail.entries, gone), rest=_without(tail.rest, gone))


def _without(entries: bytes, gone: Set[int]) -> bytes:
    return codec.without(entries, [at for at, number in enumerate(codec.post_numbers_of(entries)) if number in gone])


def _absent_from(post_numbers: Sequence[int], others: Sequence[int]) -> list[int]:
    known = set(others)
    return [number for number in dict.fromkeys(post_numbers) if number not in known]
