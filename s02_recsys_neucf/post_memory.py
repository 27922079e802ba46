"""The vectors of posts that live passes need: the candidates, and what users liked, as far as it was needed.

A post outside is read from PostgreSQL when somebody's history has it, and then kept, up to a bound.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch

from shared.content.encoders.protocol import EncoderCard
from shared.content.post_features import features_of
from shared.db.engine import DatabaseSnapshot
from shared.db.live_passes import ids_of_posts
from shared.db.vectors import ContentKind, load_vectors_of
from shared.event_columns import Int64s
from shared.neucf.artefact import Artefact
from shared.neucf.score import PostVectors, vectors_of

EncoderCards = Mapping[ContentKind, EncoderCard]
MOST_KEPT = 50_000  # posts that are no candidates; each takes up to 2 KB


class PostMemory:
    """Post vectors of one model by id hash."""

    def __init__(self, artefact: Artefact, id_hashes: Int64s, vectors: PostVectors) -> None:
        order = np.argsort(id_hashes)
        self._artefact, self._n_first = artefact, len(id_hashes)
        self._sorted, self._order = id_hashes[order], order  # hashes, and their indices in `vectors`
        self.vectors = vectors

    def __len__(self) -> int:
        return len(self._sorted)

    def indices_of(self, id_hashes: Int64s) -> Int64s:
        """The index of each post in `vectors`; -1 for one that is not here."""
        if not len(self._sorted):
            return np.full(len(id_hashes), -1, np.int64)
        found = np.minimum(np.searchsorted(self._sorted, id_hashes), len(self._sorted) - 1)
        return np.where(self._sorted[found] == id_hashes, self._order[found], -1)

    def with_posts(
        self, snapshot: DatabaseSnapshot, cards: EncoderCards, id_hashes: Int64s, *, liked_by: Sequence[str]
    ) -> Self:
        """The same, and these posts; those that others needed are dropped at the bound.

        Args:
            snapshot: of the pass.
            cards: of the encoders whose vectors are read.
            id_hashes: of posts, each once.
            liked_by: users who have events on them, all together.
        """
        held = self.indices_of(id_hashes)
        missing = id_hashes[held < 0]
        if not len(missing):
            return self
        kept = len(self)
        if kept + len(missing) > self._n_first + MOST_KEPT:
            kept = self._n_first
            missing = id_hashes[(held < 0) | (held >= kept)]  # what is dropped may be needed now
        ids = ids_of_posts(snapshot, liked_by, missing.tolist())
        columns = {
            part: load_vectors_of(snapshot, part, ids, encoder=card.identity, width=card.width)
            for part, card in cards.items()
        }
        model = self._artefact.model
        rows = self._artefact.posts.model_rows(missing)
        added = vectors_of(model, rows, features_of(columns, missing), self.vectors.joined.device)
        hashes = np.empty(kept + len(missing), np.int64)
        by_index = np.empty(len(self), np.int64)
        by_index[self._order] = self._sorted
        hashes[:kept], hashes[kept:] = by_index[:kept], missing
        fresh = type(self)(self._artefact, hashes, _joined(self.vectors, kept, added))
        fresh._n_first = self._n_first
        return fresh


def _joined(vectors: PostVectors, kept: int, added: PostVectors) -> PostVectors:
    units = None
    if vectors.units is not None and added.units is not None:
        units = torch.cat([vectors.units[:kept], added.units])
    return PostVectors(torch.cat([vectors.joined[:kept], added.joined]), units)
