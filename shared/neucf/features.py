"""Content of posts for the model: image and caption vectors, and which of them are missing."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.errors import TrainingRefused

Floats = NDArray[np.float16] | NDArray[np.float32]
CHECKED_AT_ONCE = 8192  # vectors


@dataclass(frozen=True, slots=True, eq=False)
class ContentVectors:
    """The vectors of one encoder for a column of posts; where `known` is False the values mean nothing.

    A selection of posts shares the memory of all: the vectors of 100,000 photos take a quarter of a gigabyte, and one
    training uses six selections of them.
    """

    stored: Floats  # (n_stored, width): these posts, or more
    known: NDArray[np.bool_]  # (n_posts,)
    indices: NDArray[np.int64] | None = None  # (n_posts,) indices in `stored`; None: all, in order

    def __post_init__(self) -> None:
        n_posts = self.stored.shape[:1] if self.indices is None else self.indices.shape
        if self.stored.ndim != 2 or self.known.shape != n_posts:
            raise ValueError(f"vectors: got {self.stored.shape} and {self.known.shape}, expected (n, width) and (n,)")

    @property
    def values(self) -> Floats:
        """(n_posts, width); a copy if this is a selection: prefer `at` for parts."""
        return self.stored if self.indices is None else self.stored[self.indices]

    def at(self, indices: slice | NDArray[np.int64]) -> Floats:
        """The values at these indices. -> (n_indices, width)"""
        return self.stored[indices if self.indices is None else self.indices[indices]]

    @property
    def width(self) -> int:
        """Numbers in one vector."""
        return int(self.stored.shape[1])

    def take(self, indices: NDArray[np.int64]) -> Self:
        """The vectors at these indices, in that order; no copy."""
        return type(self)(self.stored, self.known[indices], indices if self.indices is None else self.indices[indices])

    def broken(self) -> NDArray[np.int64]:
        """Indices of known vectors that hold NaN or infinity."""
        broken = np.zeros(len(self.known), dtype=np.bool_)
        for start in range(0, len(broken), CHECKED_AT_ONCE):
            part = slice(start, start + CHECKED_AT_ONCE)
            broken[part] = self.known[part] & ~np.isfinite(self.at(part)).all(axis=1)
        return np.flatnonzero(broken)

    def without_broken(self) -> Self:
        """The same vectors, the broken ones counted as missing: one bad photo must not stop a training."""
        known = self.known.copy()
        known[self.broken()] = False
        return type(self)(self.stored, known, self.indices)

    def refuse_broken(self, what: str) -> None:
        """Raise when a known vector is not finite.

        Raises:
            TrainingRefused: says how many, and the first index.
        """
        broken = self.broken()
        if len(broken):
            raise TrainingRefused(
                f"{what} vectors: {len(broken)} of {len(self.known)} hold NaN or infinity (the first at index "
                f"{broken[0]}), expected finite numbers; encode these posts again or mark them as missing"
            )

    def tensors(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Values as float32 and the mask, on a device."""
        return torch.from_numpy(self.values.astype(np.float32)).to(device), torch.from_numpy(self.known).to(device)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostFeatures:
    """Image and caption vectors of one column of posts; None where there is no such encoder."""

    image: ContentVectors | None = None
    caption: ContentVectors | None = None

    def take(self, indices: NDArray[np.int64]) -> Self:
        """The features at these indices, in that order."""
        return type(self)(
            image=None if self.image is None else self.image.take(indices),
            caption=None if self.caption is None else self.caption.take(indices),
        )

    def refuse_broken(self) -> None:
        """Raise TrainingRefused when a known vector is not finite."""
        if self.image is not None:
            self.image.refuse_broken("image")
        if self.caption is not None:
            self.caption.refuse_broken("caption")


NO_FEATURES = PostFeatures()
