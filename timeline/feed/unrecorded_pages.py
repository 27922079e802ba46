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
    """Whether the page that a cursor came with is not recorded in this chain.

    A page end behind the cursor's position is not enough: a process that could not read the chain may have started it
    again and served other posts there. So the posts that the cursor carries must come before its position.
    """
    if chain is None or cursor.position > max(chain.page_ends, default=0):
        return True
    if not cursor.unrecorded:
        return False
    before, _ = _split_at(chain, tail, cursor.position)
    return not set(cursor.unrecorded).issubset(codec.post_numbers_of(before))


def is_later_state(chain: Chain, earlier: Chain) -> bool:
    """Whether more pages were served of this chain than of an earlier state of it.

    A chain that was started again while Redis was away has the same nonce and another list: it is no later state.
    """
    if len(chain.page_ends) <= len(earlier.page_ends):
        return False
    end = max(earlier.page_ends, default=0)
    served, served_earlier = (
        (state.frozen.source, state.frozen.generation, codec.post_numbers_of(codec.part(state.frozen.entries, 0, end)))
        for state in (chain, earlier)
    )
    return served == served_earlier


def with_unrecorded(chain: Chain, tail: Tail | None, cursor: Cursor) -> RestoredChain:
    """A chain that lacks records of pages, completed by the posts that the cursor carries.

    The cursor may carry the last pages only. Pages between them and the last recorded one usually served what comes
    next in the list, so that many posts are counted as served. The position never goes back, since it would then be
    inside a page that was served before; if posts are missing, blank entries fill the gap.
    """
    recorded = max(chain.page_ends, default=0)
    start, tail = _split_at(chain, tail, recorded)
    served = _absent_from(cursor.unrecorded, codec.post_numbers_of(start))
    ready, rest = codec.part(chain.frozen.entries, recorded), chain.rest
    all_entries = ready + rest + (tail.entries + tail.rest if tail else b"")
    known: dict[int, bytes] = {}
    for number, entry in zip(codec.post_numbers_of(all_entries), codec.split(all_entries), strict=True):
        known.setdefault(number, entry)  # of a post in list and tail, the list's entry
    between = max(0, cursor.position - recorded - len(cursor.unrecorded))
    skipped = _absent_from(codec.post_numbers_of(all_entries), served)[:between]
    served_entries = [known.get(number) or codec.pack_entry(number, Reason.NEW, 0.0) for number in (*skipped, *served)]
    served_entries = [_BLANK] * (cursor.position - recorded - len(served_entries)) + served_entries
    taken, position = frozenset((*skipped, *served)), recorded + len(served_entries)
    frozen = chain.frozen.with_entries(start + b"".join(served_entries) + _without(ready, taken))
    return RestoredChain(
        chain=Chain(
            nonce=chain.nonce, frozen=frozen, page_ends=(*chain.page_ends, position), rest=_without(rest, taken)
        ),
        tail=None if tail is None else _tail_without(tail, taken),
        position=position,
    )  # fmt: skip


def without_seen(chain: Chain, tail: Tail | None, position: int, seen: Set[int]) -> Chain:
    """A chain that began while Redis was away, without the posts that turn out to be seen: they come in the tail.

    Posts of the old tail that were served become part of the list; the tail must be computed again.
    """
    before, _ = _split_at(chain, tail, position)
    frozen = chain.frozen.with_entries(before + _without(codec.part(chain.frozen.entries, position), seen))
    return Chain(nonce=chain.nonce, frozen=frozen, page_ends=chain.page_ends, rest=chain.rest)


def _split_at(chain: Chain, tail: Tail | None, position: int) -> tuple[bytes, Tail | None]:
    """The entries of list and tail before a position, and the tail from there on."""
    entries = chain.frozen.entries
    beyond = position - codec.length_of(entries)
    if tail is None or beyond <= 0:
        return codec.part(entries, 0, position), tail
    left = Tail(unseen=max(0, tail.unseen - beyond), entries=codec.part(tail.entries, beyond), rest=tail.rest)
    return entries + codec.part(tail.entries, 0, beyond), left


def _tail_without(tail: Tail, taken: frozenset[int]) -> Tail:
    unseen = tail.unseen - sum(
        number in taken for number in codec.post_numbers_of(codec.part(tail.entries, 0, tail.unseen))
    )
    return Tail(unseen=unseen, entries=_without(tail.entries, taken), rest=_without(tail.rest, taken))


def _without(entries: bytes, taken: Set[int]) -> bytes:
    return codec.without(
        entries, [index for index, number in enumerate(codec.post_numbers_of(entries)) if number in taken]
    )


def _absent_from(post_numbers: Sequence[int], others: Sequence[int]) -> list[int]:
    known = set(others)
    return [number for number in dict.fromkeys(post_numbers) if number not in known]
