"""The vectors of a run's candidates, by photo and by caption: read when they are first needed, and kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.db.engine import DatabaseSnapshot
from shared.db.vectors import ContentKind, VectorColumn, load_vectors_of, most_used_encoder
from shared.event_columns import Int64s

Packed = npt.NDArray[np.uint16]
Float32s = npt.NDArray[np.float32]

SAMPLE = 512  # candidates by which it is judged what is near: their mean nearness is exact to a twentieth of a spread
READ_AHEAD = 1_000  # vectors that are read at least: a run that needs nearly all of them asks some dozen times
_ID_BATCH = 10_000


@dataclass(slots=True, eq=False)
class _Units:
    """Unit vectors of candidates; NaN where there is none."""

    encoder: str
    values: Packed  # (n_posts, width)
    is_read: npt.NDArray[np.bool_]  # (n_posts,)
    sample: Float32s | None = None  # (n_sample, width) those with a vector


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

    def units(self, snapshot: DatabaseSnapshot, part: ContentKind, indices: Int64s) -> Float32s | None:
        """Unit vectors of these candidates; NaN where there is none. -> (n_indices, width)"""
        units = self._part(snapshot, part)
        if units is None:
            return None
        missing = indices[~units.is_read[indices]]
        if len(missing):
            others = np.flatnonzero(~units.is_read)[:READ_AHEAD]
            self._read(snapshot, part, units, np.union1d(missing, others[: max(0, READ_AHEAD - len(missing))]))
        return unpacked(units.values[indices])

    def blocks(self, snapshot: DatabaseSnapshot, part: ContentKind, *, size: int) -> Iterator[tuple[slice, Float32s]]:
        """The same of all candidates, so many at a time."""
        units = self._part(snapshot, part)
        if units is None:
            return
        self._read(snapshot, part, units, np.flatnonzero(~units.is_read))
        for start in range(0, len(units.values), size):
            yield slice(start, start + size), unpacked(units.values[start : start + size])

    def sample(self, snapshot: DatabaseSnapshot, part: ContentKind) -> Float32s | None:
        """Unit vectors of some candidates, always the same: how near candidates are on the whole. -> (n, width)"""
        units = self._part(snapshot, part)
        if units is None:
            return None
        if units.sample is None:
            sample = self.units(snapshot, part, self._sample())
            assert sample is not None
            units.sample = sample[np.isfinite(sample).all(axis=1)]
        return units.sample

    def _part(self, snapshot: DatabaseSnapshot, part: ContentKind) -> _Units | None:
        if part not in self._units:
            found = most_used_encoder(snapshot, part, among=[self._post_ids[index] for index in self._sample()])
            if found is None:
                return None
            encoder, width = found
            n_posts = len(self._post_ids)
            self._units[part] = _Units(encoder, np.empty((n_posts, width), np.uint16), np.zeros(n_posts, np.bool_))
        return self._units[part]

    def _sample(self) -> Int64s:
        n_posts = len(self._post_ids)
        return np.unique(np.linspace(0, n_posts - 1, min(SAMPLE, n_posts)).astype(np.int64))

    def _read(self, snapshot: DatabaseSnapshot, part: ContentKind, units: _Units, indices: Int64s) -> None:
        for start in range(0, len(indices), _ID_BATCH):
            batch = indices[start : start + _ID_BATCH]
            ids = [self._post_ids[index] for index in batch.tolist()]
            column = load_vectors_of(snapshot, part, ids, encoder=units.encoder, width=units.values.shape[1])
            units.values[batch] = packed(units_of(column, self.id_hashes[batch]))
            units.is_read[batch] = True


def packed(units: Float32s) -> Packed:
    """The upper halves of these numbers (bfloat16): exact to 0.4 %, and many times as fast to convert as float16."""
    return ((units.view(np.uint32) + np.uint32(0x8000)) >> np.uint32(16)).astype(np.uint16)


def unpacked(values: Packed) -> Float32s:
    """The numbers again."""
    return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)


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
