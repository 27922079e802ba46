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

    @classmethod
    def of(cls, ranked: RankedList) -> Self:
        """The pool that a run published."""
        return cls(ranked=ranked, rows=codec.rows_of(ranked.entries))


def with_new_posts(entries: bytes, pool: Pool, *, user_id: str, share: float, may_take: Callable[[int], bool]) -> bytes:
    """A user's packed entries with new posts in the reserved slots, no longer than before.

    Args:
        entries: the list to be frozen, best first.
        pool: posts that few people have seen.
        user_id: whose list it is.
        share: of the slots that are reserved, 0 to 0.5.
        may_take: whether a row may stand in this user's list (not seen, not withheld).
    """
    if share <= 0 or not pool.rows:
        return entries
    every, size = round(1 / share), codec.ENTRY.size
    own = codec.rows_of(entries)
    place_of = {row: place for place, row in enumerate(own)}
    fresh = rotation(len(pool.rows), user_id=user_id, generation=pool.ranked.generation)
    ordered: list[bytes] = []
    taken: set[int] = set()
    following = 0  # the place of the list's next post
    while following < len(own) and len(ordered) < len(own):
        if len(ordered) % every == every // 2:
            # A new post that the list itself has shown by now needs no slot.
            wanted = (
                place
                for place in fresh
                if place_of.get(pool.rows[place], following) >= following and may_take(pool.rows[place])
            )
            place = next(wanted, None)
            if place is not None:
                row = pool.rows[place]
                taken.add(row)
                held = (entries, place_of[row]) if row in place_of else (pool.ranked.entries, place)
                ordered.append(codec.pack_entry(row, Reason.NEW, codec.entry_at(*held)[2]))
                continue
        if own[following] not in taken:
            ordered.append(entries[following * size : following * size + size])
        following += 1
    return b"".join(ordered)


def rotation(length: int, *, user_id: str, generation: int) -> Iterator[int]:
    """All places of a pool once, from one on that depends on the user and the generation."""
    seed = hashlib.blake2b(f"{generation}|{user_id}".encode(), digest_size=8).digest()
    start = int.from_bytes(seed, "little") % length
    yield from range(start, length)
    yield from range(start)
