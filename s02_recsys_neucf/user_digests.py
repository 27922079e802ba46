"""A digest of each user's events: views do not tell when an event arrived, but a changed digest shows that one did.

Only events since a fixed time count, so that digests do not change because the candidates' window moves on. Pure.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from shared.event_columns import Events, Int64s

UInt64s = npt.NDArray[np.uint64]
_FACTORS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # SplitMix64
_HEAD = np.dtype("<f8")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UserDigests:
    """A digest for each user with events since a fixed time."""

    since: float  # seconds since 1970
    user_id_hashes: Int64s  # (n,) ascending
    digests: UInt64s  # (n,)

    @classmethod
    def of(cls, events: Events, *, since: float) -> Self:
        """The digests of these events, in any order."""
        counted = events.where(events.at >= since)
        order = np.argsort(counted.user_id_hashes, kind="stable")
        users, starts = np.unique(counted.user_id_hashes[order], return_index=True)
        mixed = _mixed(counted.post_id_hashes[order], counted.kinds[order])
        sums = np.add.reduceat(mixed, starts) if len(starts) else mixed
        return cls(since=since, user_id_hashes=users, digests=sums)

    def changed_from(self, before: Self) -> Int64s:
        """Users of either side whose digests differ."""
        users: Int64s = np.union1d(self.user_id_hashes, before.user_id_hashes)
        changed: Int64s = users[self._at(users) != before._at(users)]
        return changed

    def to_bytes(self) -> bytes:
        """Packed, for the next run."""
        return np.array(self.since, _HEAD).tobytes() + self.user_id_hashes.tobytes() + self.digests.tobytes()

    @classmethod
    def from_bytes(cls, value: bytes) -> Self:
        """Unpack what `to_bytes` wrote."""
        (since,), rest = np.frombuffer(value, _HEAD, 1), value[_HEAD.itemsize :]
        n = len(rest) // 16
        return cls(
            since=float(since),
            user_id_hashes=np.frombuffer(rest, np.int64, n),
            digests=np.frombuffer(rest, np.uint64, n, 8 * n),
        )

    def _at(self, users: Int64s) -> UInt64s:
        """The digests of these users; 0 where there is none."""
        if len(self.user_id_hashes) == 0:
            return np.zeros(len(users), np.uint64)
        index = np.minimum(np.searchsorted(self.user_id_hashes, users), len(self.user_id_hashes) - 1)
        return np.where(self.user_id_hashes[index] == users, self.digests[index], np.uint64(0))


def _mixed(post_id_hashes: Int64s, kinds: npt.NDArray[np.int16]) -> UInt64s:
    """Hashes of the events, so that sums of them are hardly ever equal; overflow is intended."""
    first, second, third = _FACTORS
    x = post_id_hashes.astype(np.uint64) + (kinds.astype(np.uint64) + np.uint64(1)) * first
    x = (x ^ (x >> np.uint64(30))) * second
    x = (x ^ (x >> np.uint64(27))) * third
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)
