"""All blocks as one sorted column of pairs of 64-bit keys: small enough to keep and save in each timeline. Pure."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from shared.ranked_lists.codec import UnreadableList

MAX_PAIRS = 100_000  # 1.6 MB; an app with more blocks relies on its stores for the rest
_PAIR_BYTES = 16
NO_USER = 0  # no user has it (or one of 2⁶⁴)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockList:
    """Who must not see whom; `users` is sorted, `authors` stands beside it."""

    users: "array[int]"  # quoted: array is generic for the type checker only
    authors: "array[int]"

    def authors_of(self, user: int) -> frozenset[int]:
        """Keys of the authors that are withheld from a user (by key)."""
        start = bisect_left(self.users, user)
        end = bisect_left(self.users, user + 1, lo=start)
        return frozenset(self.authors[start:end])

    def without(self, user: int) -> "BlockList":
        """The same less the pairs that name a user (by key) on either side."""
        if user not in self.users and user not in self.authors:
            return self
        kept = [pair for pair in zip(self.users, self.authors, strict=True) if user not in pair]
        return BlockList(users=array("Q", [who for who, _ in kept]), authors=array("Q", [whom for _, whom in kept]))


NO_BLOCKS = BlockList(users=array("Q"), authors=array("Q"))


def pack_blocked(pairs: Iterable[tuple[int, int]], *, version: int) -> bytes:
    """User and author key, u64 each, sorted by user; cut off at the bound. The first pair is 0 and the version."""
    ordered = [(NO_USER, version), *sorted(islice(pairs, MAX_PAIRS))]
    return array("Q", [key for pair in ordered for key in pair]).tobytes()


def without_user(value: bytes, user: int, *, version: int) -> bytes | None:
    """The bytes less the pairs that name a user (by key), as of a later version; None when none does."""
    blocked = unpack_blocked(value)
    rest = blocked.without(user)
    return None if rest is blocked else pack_blocked(zip(rest.users, rest.authors, strict=True), version=version)


def unpack_blocked(value: bytes) -> BlockList:
    """The blocks behind the bytes."""
    if len(value) % _PAIR_BYTES:
        raise UnreadableList(f"blocks: got {len(value)} bytes, expected pairs of {_PAIR_BYTES}")
    keys = array("Q", value)
    if keys[:1] == array("Q", [NO_USER]):
        del keys[:2]
    return BlockList(users=keys[::2], authors=keys[1::2])
