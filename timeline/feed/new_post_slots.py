"""Reserved slots: one in ten posts of a fresh chain is one that few people have seen yet (promise 6). Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from math import ceil

from shared.domain import Reason
from shared.ranked_lists import codec
from timeline.stores.new_post_pool import NewPostPool


def with_new_posts(
    post_numbers: Sequence[int],
    entries: bytes,
    pool: NewPostPool,
    fresh: Iterator[int],
    *,
    share: float,
    start: int = 0,
) -> bytes:
    """Some of a list's packed entries with new posts in the reserved slots between them; none of its own is lost.

    Args:
        rows: the posts that come next, best first.
        entries: their packed entries.
        pool: posts that few people have seen.
        fresh: rows of those that may stand in this list (not seen, not withheld, not there already), in the order in
            which they take slots.
        share: of the slots that are reserved, 0 to 0.5.
        start: how many posts of the list stand before these.
    """
    if share <= 0:
        return entries
    every = round(1 / share)
    slot, between = (every // 2 - start) % every, every - 1
    taken = list(islice(fresh, max(0, ceil((len(post_numbers) - slot) / between))))
    if not set(taken).isdisjoint(post_numbers):
        return _moved_up(post_numbers, entries, pool, chain(taken, fresh), slot=slot, every=every)
    at, step = slot * codec.ENTRY.size, between * codec.ENTRY.size
    pieces = [entries[:at]]
    for number in taken:
        pieces += (pool.entries[number], entries[at : at + step])
        at += step
    pieces.append(entries[at:])
    return b"".join(pieces)


def _moved_up(
    own: Sequence[int], entries: bytes, pool: NewPostPool, fresh: Iterable[int], *, slot: int, every: int
) -> bytes:
    """The same one by one, where new posts stand among the list's own."""
    own_rows, post_numbers, packed = set(own), list(own), list(codec.split(entries))
    for number in fresh:
        entry = pool.entries[number]
        if number in own_rows:
            held = post_numbers.index(number)
            if held < slot:
                continue  # the list itself has shown it by now: it needs no slot
            del post_numbers[held]  # it comes from further down, with its own score
            entry = codec.with_reason(packed.pop(held), Reason.NEW)
        post_numbers.insert(slot, number)
        packed.insert(slot, entry)
        slot += every
        if slot >= len(post_numbers):
            break
    return b"".join(packed)
