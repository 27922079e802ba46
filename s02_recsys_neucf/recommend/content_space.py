"""Photos and captions of the candidates as short vectors of length 1, which are compared by their cosine.

The reduction is the champion's where there is one; else it is computed from the candidates, by the same code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from shared.content.encoders.protocol import EncoderCard
from shared.content.post_features import features_of
from shared.db.engine import Database
from shared.db.vectors import ContentKind, load_vectors_of
from shared.event_columns import Int64s
from shared.neucf.content import ContentLayer
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.model import NeuCF

COMPONENTS = 64  # of a reduction that no champion has; on the photos world 32 to 1,280 rank alike

Units = NDArray[np.float32]
Cards = Mapping[ContentKind, EncoderCard]


@dataclass(frozen=True, slots=True, eq=False)
class ContentPart:
    """Photos or captions of the candidates."""

    layer: ContentLayer
    units: Units  # (n_candidates, n_components); zeros where there is none
    known: NDArray[np.bool_]  # (n_candidates,)

    @classmethod
    def of(cls, vectors: ContentVectors | None, layer: ContentLayer | None) -> Self | None:
        """The part; None if no candidate has it."""
        if vectors is None or not vectors.known.any():
            return None
        if layer is None:
            layer = ContentLayer(vectors.width, min(COMPONENTS, vectors.width), 1)
            layer.fit(vectors)
        return cls(layer, _units(layer, vectors), vectors.known)

    def units_of(self, vectors: ContentVectors | None, n_posts: int) -> tuple[Units, NDArray[np.bool_]]:
        """Those of other posts, and whether each has one."""
        if vectors is None:
            return np.zeros((n_posts, self.units.shape[1]), np.float32), np.zeros(n_posts, np.bool_)
        return _units(self.layer, vectors), vectors.known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContentSpace:
    """What is known of the candidates' content, and of which encoders the vectors are."""

    image: ContentPart | None
    caption: ContentPart | None
    cards: Cards

    @classmethod
    def of(cls, features: PostFeatures, cards: Cards, model: NeuCF | None = None) -> Self:
        """From the candidates' vectors."""
        return cls(
            image=ContentPart.of(features.image, None if model is None else model.image),
            caption=ContentPart.of(features.caption, None if model is None else model.caption),
            cards=cards,
        )

    def stored_features(self, database: Database, post_ids: list[str], id_hashes: Int64s) -> PostFeatures:
        """The stored vectors of posts that are no candidates."""
        with database.read() as snapshot:
            columns = {
                part: load_vectors_of(snapshot, part, post_ids, encoder=card.identity, width=card.width)
                for part, card in self.cards.items()
            }
        return features_of(columns, id_hashes)


@torch.no_grad()
def _units(layer: ContentLayer, vectors: ContentVectors) -> Units:
    units: Units = functional.normalize(layer.reduce(vectors).values, dim=1).cpu().numpy()
    return units
