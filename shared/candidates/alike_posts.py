"""Finds the candidates that are like some posts, by photo and caption. Needs the vectors that phase 2 stores."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shared.candidates.asked_for import Strengths, alikeness
from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import load_id_hashes
from shared.db.vectors import ContentKind, VectorColumn, load_vectors_of, most_used_encoder
from shared.event_columns import Floats, Int64s

Float32s = npt.NDArray[np.float32]

AT_ONCE = 64  # posts that candidates are compared with together
BLOCK = 8_192  # candidates that are compared together: 12 MB with 384 numbers each
_ID_BATCH = 10_000


class _Units(NamedTuple):
    """Unit vectors of all candidates; NaN where there is none."""

    encoder: str
    values: npt.NDArray[np.float16]  # (n_posts, width)


class AlikePosts:
    """The candidates of a run by photo and caption. Their vectors are read when first needed, and kept.

    So what a live pass reads depends on what was said since, not on the size of the installation.
    """

    def __init__(self, post_ids: Sequence[str], id_hashes: Int64s) -> None:
        self._post_ids, self._id_hashes = post_ids, id_hashes
        self._units: dict[ContentKind, _Units] = {}

    def like(self, snapshot: DatabaseSnapshot, post_ids: Sequence[str]) -> Mapping[str, Strengths]:
        """For each of these posts the candidates that are like it, by photo or by caption.

        A post without a vector is like none, so in an installation without phase 2 nothing is.
        """
        wished = load_id_hashes(snapshot, post_ids)
        strengths: dict[str, Floats] = {}
        for part in ContentKind:
            units = self._units_of(snapshot, part)
            if units is None:
                continue
            width = units.values.shape[1]
            column = load_vectors_of(snapshot, part, post_ids, encoder=units.encoder, width=width)
            for start in range(0, len(wished), AT_ONCE):
                nearness = _nearness(units.values, _units_of(column, wished[start : start + AT_ONCE]))
                for index, post_id in enumerate(post_ids[start : start + AT_ONCE]):
                    alike = alikeness(nearness[:, index].astype(np.float64))
                    strengths[post_id] = np.maximum(strengths[post_id], alike) if post_id in strengths else alike
        return {post_id: _sparse(strength) for post_id, strength in strengths.items()}

    def _units_of(self, snapshot: DatabaseSnapshot, part: ContentKind) -> _Units | None:
        if part not in self._units:
            found = most_used_encoder(snapshot, part)
            if found is None:
                return None
            encoder, width = found
            values = np.empty((len(self._post_ids), width), np.float16)
            for start in range(0, len(self._post_ids), _ID_BATCH):
                batch = slice(start, start + _ID_BATCH)
                column = load_vectors_of(snapshot, part, self._post_ids[batch], encoder=encoder, width=width)
                values[batch] = _units_of(column, self._id_hashes[batch])
            self._units[part] = _Units(encoder, values)
        return self._units[part]


def _nearness(candidates: npt.NDArray[np.float16], wished: Float32s) -> Float32s:
    """Cosines. (n_posts, width), (n_wished, width) -> (n_posts, n_wished)"""
    nearness = np.empty((len(candidates), len(wished)), np.float32)
    for start in range(0, len(candidates), BLOCK):
        block = slice(start, start + BLOCK)
        nearness[block] = candidates[block].astype(np.float32) @ wished.T
    return nearness


def _units_of(column: VectorColumn, id_hashes: Int64s) -> Float32s:
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


def _sparse(strength: Floats) -> Strengths:
    indices = np.flatnonzero(strength > 0)
    return Strengths(indices, strength[indices])
