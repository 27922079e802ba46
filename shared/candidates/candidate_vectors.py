"""The vectors of a run's candidates, by photo and by caption: read when they are first needed, and kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shared.candidates.asked_for import ALIKE, FULLY_ALIKE
from shared.db.engine import DatabaseSnapshot
from shared.db.vectors import ContentKind, VectorColumn, load_vectors_of, most_used_encoder
from shared.event_columns import Floats, Int64s

Float16s = npt.NDArray[np.float16]
Float32s = npt.NDArray[np.float32]

SAMPLE = 1_024  # candidates by which it is judged what is near: their mean nearness is exact to a thirtieth of a spread
READ_AHEAD = 1_000  # vectors that are read at least: a run that needs nearly all of them asks some dozen times
LEAST_SPREAD = 1e-4  # of cosines: half-precision vectors are not more exact
_ID_BATCH = 10_000


@dataclass(slots=True, eq=False)
class _Units:
    """Unit vectors of candidates; NaN where there is none."""

    encoder: str
    values: Float16s  # (n_posts, width)
    is_read: npt.NDArray[np.bool_]  # (n_posts,)
    spread: "Spread | None" = field(default=None)


class Spread(NamedTuple):
    """How near candidates are to each other."""

    mean: Float32s  # (width,) of their unit vectors
    covariance: Float32s  # (width, width)

    def alikeness(self, nearness: Float32s, wished: Float32s) -> Floats:
        """How much posts are like others: `asked_for.alikeness`, with mean and spread of all candidates' nearness.

        Args:
            nearness: (n_posts, n_wished) cosines.
            wished: (n_wished, width) unit vectors of the others; NaN where there is none.

        Returns:
            (n_posts, n_wished) in [0, 1]; 0 where a post has no vector.
        """
        spread = np.sqrt(np.maximum(np.einsum("nw,wv,nv->n", wished, self.covariance, wished, optimize=True), 0.0))
        with np.errstate(invalid="ignore", divide="ignore"):
            above = (nearness - wished @ self.mean) / spread
        above[:, spread < LEAST_SPREAD] = np.nan
        alike: Floats = np.nan_to_num(np.clip((above.astype(np.float64) - ALIKE) / (FULLY_ALIKE - ALIKE), 0.0, 1.0))
        return alike


class CandidateVectors:
    """The candidates of a run by photo and caption.

    What is read depends on whose lists are made, not on the size of the installation, up to the vectors of all.
    """

    def __init__(self, post_ids: Sequence[str], id_hashes: Int64s) -> None:
        self._post_ids, self.id_hashes = post_ids, id_hashes
        self._units: dict[ContentKind, _Units] = {}

    def encoder(self, snapshot: DatabaseSnapshot, part: ContentKind) -> tuple[str, int] | None:
        """The encoder whose vectors count, and their width; None as long as there are no vectors."""
        units = self._part(snapshot, part)
        return None if units is None else (units.encoder, units.values.shape[1])

    def units(self, snapshot: DatabaseSnapshot, part: ContentKind, indices: Int64s | None = None) -> Float16s | None:
        """Unit vectors of these candidates, or of all; NaN where there is none. -> (n_indices, width)"""
        units = self._part(snapshot, part)
        if units is None:
            return None
        if indices is None:
            self._read(snapshot, part, units, np.flatnonzero(~units.is_read))
            return units.values
        missing = indices[~units.is_read[indices]]
        if len(missing):
            others = np.flatnonzero(~units.is_read)[:READ_AHEAD]
            self._read(snapshot, part, units, np.union1d(missing, others[: max(0, READ_AHEAD - len(missing))]))
        return units.values[indices]

    def spread(self, snapshot: DatabaseSnapshot, part: ContentKind) -> Spread | None:
        """How near candidates are to each other, by a sample of them that is always the same."""
        units = self._part(snapshot, part)
        if units is None:
            return None
        if units.spread is None:
            sample = self.units(snapshot, part, self._sample())
            assert sample is not None
            known = sample[np.isfinite(sample).all(axis=1)].astype(np.float32)
            mean: Float32s = np.zeros(sample.shape[1], np.float32)
            if len(known):
                mean = known.mean(axis=0)
            centred: Float32s = known - mean
            covariance: Float32s = centred.T @ centred / np.float32(max(1, len(known)))
            units.spread = Spread(mean, covariance)
        return units.spread

    def _part(self, snapshot: DatabaseSnapshot, part: ContentKind) -> _Units | None:
        if part not in self._units:
            found = most_used_encoder(snapshot, part, among=[self._post_ids[index] for index in self._sample()])
            if found is None:
                return None
            encoder, width = found
            n_posts = len(self._post_ids)
            self._units[part] = _Units(encoder, np.empty((n_posts, width), np.float16), np.zeros(n_posts, np.bool_))
        return self._units[part]

    def _sample(self) -> Int64s:
        n_posts = len(self._post_ids)
        return np.unique(np.linspace(0, n_posts - 1, min(SAMPLE, n_posts)).astype(np.int64))

    def _read(self, snapshot: DatabaseSnapshot, part: ContentKind, units: _Units, indices: Int64s) -> None:
        for start in range(0, len(indices), _ID_BATCH):
            batch = indices[start : start + _ID_BATCH]
            ids = [self._post_ids[index] for index in batch.tolist()]
            column = load_vectors_of(snapshot, part, ids, encoder=units.encoder, width=units.values.shape[1])
            units.values[batch] = units_of(column, self.id_hashes[batch])
            units.is_read[batch] = True


def units_of(column: VectorColumn, id_hashes: Int64s) -> Float32s:
    """Unit vectors of these posts; NaN where there is none. -> (n_posts, width)"""
    units = np.full((len(id_hashes), column.values.shape[1]), np.nan, np.float32)
    if not len(column.post_id_hashes):
        return units
    order = np.argsort(column.post_id_hashes)
    places = np.minimum(np.searchsorted(column.post_id_hashes, id_hashes, sorter=order), len(order) - 1)
    found = order[places]
    known = column.post_id_hashes[found] == id_hashes
    vectors = column.values[found[known]].astype(np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        units[known] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units
