"""A set of 64-bit id hashes, with a fast test of millions of others for membership. Pure."""

from typing import Self

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

SLOTS_PER_HASH = 8  # so that nine of ten hashes have a slot of their own
AT_ONCE = 1 << 18  # hashes that are looked up together, so that intermediate results stay in the processor's cache


class IdHashSet:
    """A hash has a slot by its lowest bits, which are evenly spread. Of several hashes with the same slot, the last one
    is in it; the others are found by binary search.

    Ten million hashes are looked up among 100,000 in 0.2 s; a binary search for each takes eight times as long.
    """

    def __init__(self, slots: Int64s, others: Int64s, size: int) -> None:
        self._slots = slots  # (n_slots,) a power of two; an empty slot holds a hash that belongs to another slot
        self._others = others  # ascending
        self._size = size

    @classmethod
    def of(cls, hashes: Int64s) -> Self:
        """A set of hashes, in any order, with or without repeats."""
        n_slots = 1 << max(4, (len(hashes) * SLOTS_PER_HASH - 1).bit_length())
        slots = ~np.arange(n_slots, dtype=np.int64)
        slot = hashes & (n_slots - 1)
        slots[slot] = hashes
        others = np.unique(hashes[slots[slot] != hashes])
        return cls(slots, others, len(hashes))

    def __len__(self) -> int:
        return self._size

    def contains(self, hashes: Int64s) -> npt.NDArray[np.bool_]:
        """Whether each hash is in the set. (n,) -> (n,)"""
        found = np.empty(len(hashes), np.bool_)
        for start in range(0, len(hashes), AT_ONCE):
            part = hashes[start : start + AT_ONCE]
            hits = self._slots[part & (len(self._slots) - 1)] == part
            if len(self._others) and not hits.all():
                left = np.flatnonzero(~hits)
                index = np.minimum(np.searchsorted(self._others, part[left]), len(self._others) - 1)
                hits[left] = self._others[index] == part[left]
            found[start : start + AT_ONCE] = hits
        return found
