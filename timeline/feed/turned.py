"""The order of `explore`: a list turned over each day, the same for a day and a part of the users. Pure.

Weighted sampling without replacement (Efraimidis and Spirakis, 2006): post after post is drawn, with a weight that
falls with its place in the list. A post's luck depends on the day, the part and the post alone, so a list that is
published again during a day moves a post only as far as its place has changed.
"""

import hashlib
from datetime import date
from functools import lru_cache
from math import log

from shared.ranked_lists import codec

PARTS = 8  # of the users: they see different orders, and a process works out eight a day for each list
HEAD = 20  # places: the first of a list weighs twice as much as the one behind these
CACHED = 256  # orders of some 6 kB, and 1.2 kB for tags


def turned(entries: bytes, user_id: str, day: date) -> bytes:
    """Packed entries in the order of a user's day.

    Args:
        entries: best first.
        user_id: decides the part, by a hash; nothing that the user did counts.
        day: in UTC.
    """
    part = hashlib.blake2b(user_id.encode(), digest_size=1).digest()[0] % PARTS
    return _turned(entries, f"{day.isoformat()} {part}")


@lru_cache(CACHED)
def _turned(entries: bytes, seed: str) -> bytes:
    numbers = codec.post_numbers_of(entries)
    luck = [log(_uniform(seed, number)) * (rank + HEAD) for rank, number in enumerate(numbers)]
    return codec.pick(entries, sorted(range(len(numbers)), key=luck.__getitem__, reverse=True))


def _uniform(seed: str, post_number: int) -> float:
    """A fixed number in (0, 1) for a seed and a post."""
    digest = hashlib.blake2b(b"%d" % post_number, digest_size=8, key=seed.encode()).digest()
    return (int.from_bytes(digest, "little") + 0.5) / 2**64
