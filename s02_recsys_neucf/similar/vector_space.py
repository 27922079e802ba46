"""The space in which posts are compared: for each kind of vector a few principal components, and the usual cosine.

Vectors of photo (1,280 numbers) and caption (384) are centred and reduced to `KEPT` numbers, which takes an eighth of
the memory and of the time, and hardly changes who is near (docs/adr/0043-similar-posts.md). Cosines of photos, of
captions and of the model's vectors are not on one scale: each is measured against two posts at random.

    score(q, p) = Σ over kinds  w · (cos(q, p) - mean) / spread       mean and spread: of the cosines of random pairs

A kind that one of both posts lacks counts 0, as if they were two posts at random.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from shared.event_columns import Int64s
from shared.neucf.content import principal_components
from shared.neucf.features import ContentVectors
from shared.neucf.score import blocks
from shared.neucf.threads import map_in_threads

Float16s = npt.NDArray[np.float16]
Bools = npt.NDArray[np.bool_]

KEPT = 128  # numbers of a vector: with 320 for all three kinds, a post takes 640 bytes, 200,000 posts 128 MB
MAX_FITTED = 20_000  # vectors that components are computed from
SAMPLED = 1_000  # posts whose cosines with each other give mean and spread
AT_ONCE = 2_048  # vectors that are float32 at a time: 10 MB with 1,280 numbers
OUTGROWN = 2  # times as many posts as it was fitted on: then it is fitted again
LEAST_SPREAD = 1e-4  # of cosines; below, all posts are equally near


class VectorKind(StrEnum):
    """What a vector says of a post."""

    PHOTO = "photo"
    CAPTION = "caption"
    MODEL = "model"  # the champion's post vector: who likes it


@dataclass(frozen=True, slots=True, eq=False)
class UnitVectors:
    """Vectors of length 1 of some posts, of one kind."""

    values: Float16s  # (n_posts, width); zeros where missing
    known: Bools  # (n_posts,)

    def __len__(self) -> int:
        return len(self.known)

    @classmethod
    def of(cls, values: npt.NDArray[np.float32], known: Bools) -> Self:
        """From vectors of any length, (n_posts, width); one of length 0 counts as missing."""
        lengths = np.linalg.norm(values, axis=1)
        known = known & (lengths > 0) & np.isfinite(lengths)
        units = np.zeros(values.shape, np.float16)
        units[known] = values[known] / lengths[known, None]
        return cls(units, known)

    def take(self, indices: Int64s) -> "UnitVectors":
        """Those at these indices, in that order."""
        return UnitVectors(self.values[indices], self.known[indices])


Vectors = Mapping[VectorKind, UnitVectors]  # of the same posts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduction:
    """How vectors of one kind become fewer numbers, and what is a usual cosine between two posts."""

    center: torch.Tensor  # (vector_width,)
    components: torch.Tensor  # (width, vector_width)
    fitted_on: int  # posts
    mean: float = 0.0
    spread: float = 0.0  # 0: this kind does not tell posts apart

    @classmethod
    def fit(cls, vectors: ContentVectors) -> Self | None:
        """From the known ones; None if there are none."""
        indices = np.flatnonzero(vectors.known)
        if not len(indices):
            return None
        fitted = torch.from_numpy(vectors.at(indices[:: -(-len(indices) // MAX_FITTED)]).astype(np.float32))
        center = fitted.mean(dim=0)
        components = principal_components(fitted - center, min(KEPT, vectors.width))
        bare = cls(center=center, components=components, fitted_on=len(indices))
        sample = bare.units(vectors.take(indices[:: -(-len(indices) // SAMPLED)])).values.astype(np.float32)
        cosines = (sample @ sample.T)[~np.eye(len(sample), dtype=bool)]
        spread = float(cosines.std()) if len(cosines) else 0.0
        mean = float(cosines.mean()) if len(cosines) else 0.0
        return replace(bare, mean=mean, spread=spread if spread > LEAST_SPREAD else 0.0)

    def units(self, vectors: ContentVectors) -> UnitVectors:
        """(n_posts, vector_width) -> (n_posts, width)"""
        n_posts, shift = len(vectors.known), self.components @ self.center

        def reduced(part: slice) -> UnitVectors:
            raw = torch.from_numpy(np.ascontiguousarray(vectors.at(part)).astype(np.float32))
            with np.errstate(invalid="ignore", over="ignore"):  # where a vector is missing, the values mean nothing
                return UnitVectors.of((raw @ self.components.T - shift).numpy(), vectors.known[part])

        parts = list(map_in_threads(reduced, list(blocks(n_posts, AT_ONCE))))
        values = [np.zeros((0, len(self.components)), np.float16), *(part.values for part in parts)]
        return UnitVectors(np.concatenate(values), np.concatenate([np.zeros(0, np.bool_), *(p.known for p in parts)]))


@dataclass(frozen=True, slots=True, eq=False)
class VectorSpace:
    """The reduction of each kind that there is."""

    reductions: Mapping[VectorKind, Reduction]

    @classmethod
    def fit(cls, raw: Mapping[VectorKind, ContentVectors]) -> Self:
        """From the vectors of some posts; a kind of which none is known is left out."""
        fitted = {kind: Reduction.fit(vectors) for kind, vectors in raw.items()}
        return cls({kind: reduction for kind, reduction in fitted.items() if reduction is not None})

    def fits(self, raw: Mapping[VectorKind, ContentVectors]) -> bool:
        """Whether these posts need no new fit: they have the same kinds of vectors, and not many more."""
        n_known = {kind: int(vectors.known.sum()) for kind, vectors in raw.items()}
        kinds = {kind for kind, count in n_known.items() if count}
        return kinds == self.reductions.keys() and all(
            n_known[kind] <= OUTGROWN * reduction.fitted_on for kind, reduction in self.reductions.items()
        )

    def vectors(self, raw: Mapping[VectorKind, ContentVectors]) -> Vectors:
        """The vectors of posts in this space; kinds that it does not have are left out."""
        return {kind: reduction.units(raw[kind]) for kind, reduction in self.reductions.items() if kind in raw}
