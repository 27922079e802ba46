"""Reserved slots: one in ten posts of a new chain is one that few people have seen yet (promise 6). Pure."""

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
    """The next packed entries of a list, with new posts in the reserved slots between them; no entry is lost.

    Args:
        post_numbers: the posts that come next, the best first.
        entries: their packed entries.
        pool: posts that few people have seen.
        fresh: posts of the pool that may be put into this list (not seen, hidden or in it already), in the order in
            which they take slots.
        share: the share of reserved slots, 0 to 0.5.
        start: how many posts of the list come before these.
    """
    if share <= 0:
        return entries
    every = round(1 / share)
    slot, between = (every // 2 - start) % every, every - 1
    taken = list(islice(fresh, max(0, ceil((len(post_numbers) - slot) / between))))
    if not set(taken).isdisjoint(post_numbers):
        return _with_moved_up(post_numbers, entries, pool, chain(taken, fresh), slot=slot, every=every)
    at, step = slot * codec.ENTRY.size, between * codec.ENTRY.size
    pieces = [entries[:at]]
    for number in taken:
        pieces += (pool.entries[number], entries[at : at + step])
        at += step
    pieces.append(entries[at:])
    return b"".join(pieces)


def _with_moved_up(
    own: Sequence[int], entries: bytes, pool: NewPostPool, fresh: Iterable[int], *, slot: int, every: int
) -> bytes:
    """The same one by one, for new posts that are in the list anyway: they move up to a slot."""
    own_numbers, post_numbers, packed = set(own), list(own), list(codec.split(entries))
    for number in fresh:
        entry = pool.entries[number]
        if number in own_numbers:
            index = post_numbers.index(number)
            if index < slot:
                continue  # the list has it earlier anyway
            del post_numbers[index]  # it moves up, with its score in the list
            entry = codec.with_reason(packed.pop(index), Reason.NEW)
        post_numbers.insert(slot, number)
        packed.insert(slot, entry)
        slot += every
        if slot >= len(post_numbers):
            break
    return b"".join(packed)
