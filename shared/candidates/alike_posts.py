"""Finds the candidates that are like some posts, by photo and caption. Needs the vectors that phase 2 stores."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shared.candidates.asked_for import Strengths, alikeness
from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import load_id_hashes
from shared.db.vectors import ContentKind, VectorColumn, load_vectors, most_used_encoder
from shared.event_columns import Floats, Int64s

Float32s = npt.NDArray[np.float32]

AT_ONCE = 64  # posts that candidates are compared with together: 25 MB for 100,000 candidates


def load_alike(snapshot: DatabaseSnapshot, candidates: Int64s, post_ids: Sequence[str]) -> Mapping[str, Strengths]:
    """For each of these posts the candidates (given by id hash) that are like it, by photo or by caption.

    A post without a vector is like none, so in an installation without phase 2 nothing is.
    """
    wished = load_id_hashes(snapshot, post_ids)
    strengths: dict[str, Floats] = {}
    for part in ContentKind:
        found = most_used_encoder(snapshot, part)
        if found is None:
            continue
        encoder, width = found
        column = load_vectors(snapshot, part, encoder=encoder, width=width)
        vectors = _units_of(column, candidates)
        for start in range(0, len(wished), AT_ONCE):
            nearness = vectors @ _units_of(column, wished[start : start + AT_ONCE]).T  # (n_candidates, n_wished)
            for index, post_id in enumerate(post_ids[start : start + AT_ONCE]):
                alike = alikeness(nearness[:, index].astype(np.float64))
                strengths[post_id] = np.maximum(strengths[post_id], alike) if post_id in strengths else alike
    return {post_id: _sparse(strength) for post_id, strength in strengths.items()}


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
