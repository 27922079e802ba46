"""Id hashes and model rows: a hash names a user or post, its model row is where the model's tables hold it.

Model row 0 is that of unknown users and posts.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.distinct import distinct

UNKNOWN_ROW = 0

IdHashes = NDArray[np.int64]
ModelRows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Vocab:
    """The id hashes that a model was trained on, ascending; the hash at index i has model row i + 1.

    Only users and posts with a training example get a row, so every known row is a trained one.
    """

    id_hashes: IdHashes  # (n,) ascending, each once

    def __post_init__(self) -> None:
        if (
            self.id_hashes.ndim != 1
            or self.id_hashes.dtype != np.int64
            or np.any(self.id_hashes[1:] <= self.id_hashes[:-1])
        ):
            raise ValueError("vocabulary: expected one ascending column of int64, each id hash once")

    @classmethod
    def of(cls, id_hashes: IdHashes) -> Self:
        """The vocabulary of these hashes, in any order, repeats allowed."""
        return cls(distinct(id_hashes.astype(np.int64, copy=False)))

    @property
    def n_rows(self) -> int:
        """Rows of a table for this vocabulary: one per hash, and row 0."""
        return len(self.id_hashes) + 1

    def model_rows(self, id_hashes: IdHashes) -> ModelRows:
        """The model row of each hash; 0 for one that was never trained on. (n,) -> (n,)"""
        if len(self.id_hashes) == 0:
            return np.zeros(len(id_hashes), dtype=np.int64)
        indices = np.minimum(np.searchsorted(self.id_hashes, id_hashes), len(self.id_hashes) - 1)
        known = self.id_hashes[indices] == id_hashes
        return np.where(known, indices + 1, UNKNOWN_ROW).astype(np.int64)
