"""Posts and interactions as columns: what `shared.db.bulk` loads, and what rankers count and learn from. Pure.

Instead of ids they hold 64-bit id hashes, which PostgreSQL computes.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.errors import TrainingRefused

Int64s = NDArray[np.int64]
Int16s = NDArray[np.int16]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """Interactions as columns of one length, in any order."""

    user_id_hashes: Int64s  # (n_events,)
    post_id_hashes: Int64s  # (n_events,)
    kinds: Int16s  # (n_events,) codes of shared.domain.KIND_CODES
    at: Floats  # (n_events,) seconds since 1970, UTC

    def __post_init__(self) -> None:
        shapes = {self.user_id_hashes.shape, self.post_id_hashes.shape, self.kinds.shape, self.at.shape}
        if len(shapes) != 1 or self.at.ndim != 1:
            raise ValueError(f"events: got columns of shapes {sorted(shapes)}, expected one length")
        if not np.isfinite(self.at).all():
            raise TrainingRefused("events: a time is NaN or infinite, expected seconds since 1970")

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, part: slice | Int64s | NDArray[np.bool_]) -> Self:
        """Some of the events; a slice gives views of the same columns."""
        return type(self)(
            user_id_hashes=self.user_id_hashes[part],
            post_id_hashes=self.post_id_hashes[part],
            kinds=self.kinds[part],
            at=self.at[part],
        )

    def joined_with(self, other: Self) -> Self:
        """These events, and then the others; these themselves if there are no others."""
        if not len(other):
            return self
        return type(self)(
            user_id_hashes=np.concatenate([self.user_id_hashes, other.user_id_hashes]),
            post_id_hashes=np.concatenate([self.post_id_hashes, other.post_id_hashes]),
            kinds=np.concatenate([self.kinds, other.kinds]),
            at=np.concatenate([self.at, other.at]),
        )

    def before(self, at: float) -> Self:
        """The events before a time; views of the same columns if the events are in order of time."""
        if np.all(self.at[1:] >= self.at[:-1]):
            return self[: int(np.searchsorted(self.at, at))]
        return self[self.at < at]

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The events at which the mask is true."""
        return self[kept]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostColumns:
    """Posts in any order, without their text ids."""

    id_hashes: Int64s  # (n_posts,)
    author_id_hashes: Int64s  # (n_posts,)
    created_at: Floats  # (n_posts,) seconds since 1970, UTC

    def __len__(self) -> int:
        return len(self.id_hashes)

    def take(self, indices: Int64s) -> "PostColumns":
        """The posts at these indices, in that order."""
        return PostColumns(
            id_hashes=self.id_hashes[indices],
            author_id_hashes=self.author_id_hashes[indices],
            created_at=self.created_at[indices],
        )
