"""Reserved slots: one in ten posts of a fresh chain is one that few people have seen yet (promise 6). Pure.

Each user starts at another place of the pool, fixed by their id and the pool's generation, so that one run's pool is
spread evenly over the users, and a first page that is asked for twice between two runs meets the same new posts.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Posts that few people have seen, of one run."""

    ranked: RankedList
    rows: Sequence[int]
    entries: Sequence[bytes]  # as they stand in the pool
    heads: Sequence[bytes]  # of those that they take in a list: all but the score

    @classmethod
    def of(cls, ranked: RankedList) -> Self:
        """The pool that a run published."""
        rows = codec.rows_of(ranked.entries)
        heads = [codec.pack_head(row, Reason.NEW) for row in rows]
        return cls(ranked=ranked, rows=rows, entries=codec.split(ranked.entries), heads=heads)


def put_new_posts(
    rows: list[int],
    entries: list[bytes],
    pool: Pool,
    *,
    user_id: str,
    share: float,
    may_take: Callable[[int], bool],
    start: int = 0,
) -> None:
    """Put new posts into the reserved slots between some of a list's posts, none of which is lost.

    Args:
        rows: the posts that come next, best first; changed in place.
        entries: their packed entries; changed in place.
        pool: posts that few people have seen.
        user_id: whose list it is.
        share: of the slots that are reserved, 0 to 0.5.
        may_take: whether a row may stand in this user's list (not seen, not withheld, not there already).
        start: how many posts of the list stand before these.
    """
    if share <= 0 or not pool.rows:
        return
    every, own = round(1 / share), set(rows)
    fresh = rotation(len(pool.rows), user_id=user_id, generation=pool.ranked.generation)
    slot = (every // 2 - start) % every
    while slot < len(rows):
        for place in fresh:
            row, held = pool.rows[place], 0
            if row in own:
                held = rows.index(row)
                if held < slot:
                    continue  # the list itself has shown it by now: it needs no slot
            if may_take(row):
                break
        else:
            return  # the pool is used up
        score = codec.score_part(pool.entries[place])
        if row in own:  # it comes from further down, with its own score
            del rows[held]
            score = codec.score_part(entries.pop(held))
        rows.insert(slot, row)
        entries.insert(slot, pool.heads[place] + score)
        slot += every


def rotation(length: int, *, user_id: str, generation: int) -> Iterator[int]:
    """All places of a pool once, from one on that depends on the user and the generation."""
    seed = hashlib.blake2b(f"{generation}|{user_id}".encode(), digest_size=8).digest()
    start = int.from_bytes(seed, "little") % length
    yield from range(start, length)
    yield from range(start)
