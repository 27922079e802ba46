"""What each user did, as one number: over views, where nothing says when an event came, another number tells of it.

The events are those that every run reads anyway. Of these only the ones since a fixed moment count, so that a number
does not change because the candidates' window moves on. Pure.
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
    """A number for each user who did anything since a moment."""

    since: float  # seconds since 1970
    user_id_hashes: Int64s  # (n,) ascending
    digests: UInt64s  # (n,)

    @classmethod
    def of(cls, events: Events, *, since: float) -> Self:
        """From the events of a run; their order does not matter."""
        counted = events.where(events.at >= since)
        order = np.argsort(counted.user_id_hashes, kind="stable")
        users, starts = np.unique(counted.user_id_hashes[order], return_index=True)
        mixed = _mixed(counted.post_id_hashes[order], counted.kinds[order])
        sums = np.add.reduceat(mixed, starts) if len(starts) else mixed
        return cls(since=since, user_id_hashes=users, digests=sums)

    def changed_from(self, before: Self) -> Int64s:
        """Users who did something else than before: those of either side whose numbers differ."""
        users: Int64s = np.union1d(self.user_id_hashes, before.user_id_hashes)
        changed: Int64s = users[self._at(users) != before._at(users)]
        return changed

    def to_bytes(self) -> bytes:
        """For the next run."""
        return np.array(self.since, _HEAD).tobytes() + self.user_id_hashes.tobytes() + self.digests.tobytes()

    @classmethod
    def from_bytes(cls, value: bytes) -> Self:
        """As `to_bytes` wrote it."""
        (since,), rest = np.frombuffer(value, _HEAD, 1), value[_HEAD.itemsize :]
        n = len(rest) // 16
        return cls(
            since=float(since),
            user_id_hashes=np.frombuffer(rest, np.int64, n),
            digests=np.frombuffer(rest, np.uint64, n, 8 * n),
        )

    def _at(self, users: Int64s) -> UInt64s:
        """The numbers of these users; 0 where there is none."""
        if len(self.user_id_hashes) == 0:
            return np.zeros(len(users), np.uint64)
        index = np.minimum(np.searchsorted(self.user_id_hashes, users), len(self.user_id_hashes) - 1)
        return np.where(self.user_id_hashes[index] == users, self.digests[index], np.uint64(0))


def _mixed(post_id_hashes: Int64s, kinds: npt.NDArray[np.int16]) -> UInt64s:
    """Spread out so that sums of a few of them are hardly ever equal; they wrap around, as is meant."""
    first, second, third = _FACTORS
    x = post_id_hashes.astype(np.uint64) + (kinds.astype(np.uint64) + np.uint64(1)) * first
    x = (x ^ (x >> np.uint64(30))) * second
    x = (x ^ (x >> np.uint64(27))) * third
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)
