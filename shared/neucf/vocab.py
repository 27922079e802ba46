"""Keys and rows: a key names a user or post in PostgreSQL, a row is its place in the model; row 0 is unknown."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.distinct import distinct

UNKNOWN_ROW = 0

Keys = NDArray[np.int64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Vocab:
    """The keys that a model was trained on, ascending; the key at place i has row i + 1.

    Only what has a training example gets a row, so that a known row is always a trained one.
    """

    keys: Keys  # (n_keys,) ascending, each once

    def __post_init__(self) -> None:
        if self.keys.ndim != 1 or self.keys.dtype != np.int64 or np.any(self.keys[1:] <= self.keys[:-1]):
            raise ValueError("vocabulary keys: expected one ascending column of int64, each key once")

    @classmethod
    def of(cls, keys: Keys) -> Self:
        """The vocabulary of a column of keys, in any order, repeats allowed."""
        return cls(distinct(keys.astype(np.int64, copy=False)))

    @property
    def n_rows(self) -> int:
        """Rows of a table for this vocabulary: one per key, and row 0."""
        return len(self.keys) + 1

    def rows(self, keys: Keys) -> Rows:
        """The row of each key; 0 where the key was never trained on. (n,) -> (n,)"""
        if len(self.keys) == 0:
            return np.zeros(len(keys), dtype=np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[places] == keys
        return np.where(known, places + 1, UNKNOWN_ROW).astype(np.int64)
