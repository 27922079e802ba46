"""Finds the candidates that are like some posts, by photo and caption. Needs the vectors that phase 2 stores."""

from collections.abc import Mapping, Sequence

import numpy as np

from shared.candidates.asked_for import Strengths, alikeness
from shared.candidates.candidate_vectors import CandidateVectors, Float32s, units_of
from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import load_id_hashes
from shared.db.vectors import ContentKind, load_vectors_of
from shared.event_columns import Floats

AT_ONCE = 64  # posts that candidates are compared with together
BLOCK = 8_192  # candidates that are compared together: 12 MB with 384 numbers each


class AlikePosts:
    """The candidates of a run by photo and caption. Their vectors, of all of them, are read when first needed.

    So what a live pass reads depends on what was said since, not on the size of the installation.
    """

    def __init__(self, vectors: CandidateVectors) -> None:
        self._vectors = vectors

    def like(self, snapshot: DatabaseSnapshot, post_ids: Sequence[str]) -> Mapping[str, Strengths]:
        """For each of these posts the candidates that are like it, by photo or by caption.

        A post without a vector is like none, so in an installation without phase 2 nothing is.
        """
        wished = load_id_hashes(snapshot, post_ids)
        strengths: dict[str, Floats] = {}
        for part in ContentKind:
            found = self._vectors.encoder(snapshot, part)
            if found is None:
                continue
            column = load_vectors_of(snapshot, part, post_ids, encoder=found[0], width=found[1])
            for start in range(0, len(wished), AT_ONCE):
                nearness = self._nearness(snapshot, part, units_of(column, wished[start : start + AT_ONCE]))
                for index, post_id in enumerate(post_ids[start : start + AT_ONCE]):
                    alike = alikeness(nearness[:, index].astype(np.float64))
                    strengths[post_id] = np.maximum(strengths[post_id], alike) if post_id in strengths else alike
        return {post_id: _sparse(strength) for post_id, strength in strengths.items()}

    def _nearness(self, snapshot: DatabaseSnapshot, part: ContentKind, wished: Float32s) -> Float32s:
        """Cosines of all candidates. (n_wished, width) -> (n_posts, n_wished)"""
        nearness = np.empty((len(self._vectors.id_hashes), len(wished)), np.float32)
        for block, units in self._vectors.blocks(snapshot, part, size=BLOCK):
            nearness[block] = units @ wished.T
        return nearness


def _sparse(strength: Floats) -> Strengths:
    indices = np.flatnonzero(strength > 0)
    return Strengths(indices, strength[indices])
