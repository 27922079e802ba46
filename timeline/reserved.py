"""Reserved slots: one in ten posts of a fresh chain is one that few people have seen yet (promise 6). Pure.

Each user starts at another place of the pool, fixed by their id and the pool's generation, so that one run's pool is
spread evenly over the users, and a first page that is asked for twice between two runs meets the same new posts.
"""

import hashlib
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Self

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Posts that few people have seen, of one run."""

    ranked: RankedList
    rows: Sequence[int]
    heads: Sequence[bytes]  # of the entries that they take in a list: all but the score

    @classmethod
    def of(cls, ranked: RankedList) -> Self:
        """The pool that a run published."""
        rows = codec.rows_of(ranked.entries)
        return cls(ranked=ranked, rows=rows, heads=[codec.pack_head(row, Reason.NEW) for row in rows])


def with_new_posts(
    entries: bytes,
    pool: Pool,
    *,
    user_id: str,
    share: float,
    may_take: Callable[[int], bool],
    start: int = 0,
    own: Sequence[int] | None = None,
) -> bytes:
    """Some of a list's packed entries, with new posts in the reserved slots between them.

    Args:
        entries: those that come next, best first; all of them are in what is given back.
        pool: posts that few people have seen.
        user_id: whose list it is.
        share: of the slots that are reserved, 0 to 0.5.
        may_take: whether a row may stand in this user's list (not seen, not withheld, not there already).
        start: how many posts of the list stand before these.
        own: the rows of the entries, if they are at hand.
    """
    if share <= 0 or not pool.rows:
        return entries
    every = round(1 / share)
    if own is None:
        own = codec.rows_of(entries)
    place_of = dict(zip(own, range(len(own)), strict=True)).get
    new_rows, heads, new_entries = pool.rows, pool.heads, pool.ranked.entries
    fresh = rotation(len(new_rows), user_id=user_id, generation=pool.ranked.generation)
    ordered: list[bytes] = []  # runs of the list, and a new post after each
    ahead: list[int] = []  # places of the list, in order, whose posts stand in a slot before them
    length = following = 0  # of what is ordered; the place of the list's next post
    for slot in count((every // 2 - start) % every, every):
        following = _put_run(ordered, entries, following, slot - length, ahead)
        length = slot
        if following >= len(own):
            break
        for place in fresh:
            row = new_rows[place]
            # A new post that the list itself has shown by now needs no slot.
            if place_of(row, following) >= following and may_take(row):
                break
        else:
            break  # the pool is used up
        held = place_of(row)
        if held is None:
            score = codec.score_part(new_entries, place)
        else:
            score = codec.score_part(entries, held)
            insort(ahead, held)
        ordered += (heads[place], score)
        length += 1
    _put_run(ordered, entries, following, len(own) - following - len(ahead), ahead)
    return b"".join(ordered)


def _put_run(ordered: list[bytes], entries: bytes, start: int, length: int, ahead: list[int]) -> int:
    """So many of the list's next posts, less those that stand in a slot; gives the place after them."""
    while ahead and ahead[0] < start + length:
        place = ahead.pop(0)
        ordered.append(codec.part(entries, start, place))
        start, length = place + 1, length - (place - start)
    ordered.append(codec.part(entries, start, start + length))
    return start + length


def rotation(length: int, *, user_id: str, generation: int) -> Iterator[int]:
    """All places of a pool once, from one on that depends on the user and the generation."""
    seed = hashlib.blake2b(f"{generation}|{user_id}".encode(), digest_size=8).digest()
    start = int.from_bytes(seed, "little") % length
    yield from range(start, length)
    yield from range(start)
