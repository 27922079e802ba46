"""All blocks as one sorted column of pairs of author hashes: small enough for each timeline to keep and save. Pure."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from shared.ranked_lists.codec import UnreadableList

MAX_PAIRS = 100_000  # 1.6 MB; an app with more blocks relies on its stores for the rest
_PAIR_BYTES = 16
NO_USER = 0  # the hash of no user (or of one in 2⁶⁴)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockList:
    """Who must not see whom: `users[i]` must not see `authors[i]`; `users` ascends."""

    users: "array[int]"  # quoted: array is generic for the type checker only
    authors: "array[int]"

    def authors_of(self, user: int) -> frozenset[int]:
        """Hashes of the authors that are withheld from a user; the user is given by hash."""
        start = bisect_left(self.users, user)
        end = bisect_left(self.users, user + 1, lo=start)
        return frozenset(self.authors[start:end])

    def without(self, user: int) -> "BlockList":
        """The same without the pairs that name a user (by hash) on either side."""
        if user not in self.users and user not in self.authors:
            return self
        kept = [pair for pair in zip(self.users, self.authors, strict=True) if user not in pair]
        return BlockList(users=array("Q", [who for who, _ in kept]), authors=array("Q", [whom for _, whom in kept]))


NO_BLOCKS = BlockList(users=array("Q"), authors=array("Q"))


def pack_blocked(pairs: Iterable[tuple[int, int]], *, version: int) -> bytes:
    """User and author hash, u64 each, sorted by user; cut off at the bound. The first pair is 0 and the version."""
    ordered = [(NO_USER, version), *sorted(islice(pairs, MAX_PAIRS))]
    return array("Q", [number for pair in ordered for number in pair]).tobytes()


def without_user(value: bytes, user: int, *, version: int) -> bytes | None:
    """The bytes without the pairs that name a user (by hash), as of a later version; None when there is none.

    Unreadable bytes, which may name them, become none at all; the next run publishes the blocks again.
    """
    try:
        blocked = unpack_blocked(value)
    except UnreadableList:
        return pack_blocked((), version=version)
    rest = blocked.without(user)
    return None if rest is blocked else pack_blocked(zip(rest.users, rest.authors, strict=True), version=version)


def unpack_blocked(value: bytes) -> BlockList:
    """Read the blocks."""
    if len(value) % _PAIR_BYTES:
        raise UnreadableList(f"blocks: got {len(value)} bytes, expected pairs of {_PAIR_BYTES}")
    hashes = array("Q", value)
    if hashes[:1] == array("Q", [NO_USER]):
        del hashes[:2]
    return BlockList(users=hashes[::2], authors=hashes[1::2])
