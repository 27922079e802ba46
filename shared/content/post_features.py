"""Aligns stored vectors with a column of posts, for training and scoring."""

import numpy as np

from shared.content.encode_posts import Encoders
from shared.content.encoders.protocol import EncoderCard
from shared.db.engine import DatabaseSnapshot
from shared.db.vectors import ContentKind, VectorColumn, load_vectors
from shared.event_columns import Int64s
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.manifest import Encoder


def load_columns(snapshot: DatabaseSnapshot, encoders: Encoders) -> dict[ContentKind, VectorColumn]:
    """Load all vectors of these encoders."""
    return {
        part: load_vectors(snapshot, part, encoder=card.identity, width=card.width)
        for part, card in ((ContentKind.IMAGE, encoders.image.card), (ContentKind.CAPTION, encoders.caption.card))
    }


def features_of(columns: dict[ContentKind, VectorColumn], post_id_hashes: Int64s) -> PostFeatures:
    """The image and caption vectors of a column of posts; what is missing or not finite is marked as missing."""
    return PostFeatures(
        image=aligned(columns[ContentKind.IMAGE], post_id_hashes).without_broken(),
        caption=aligned(columns[ContentKind.CAPTION], post_id_hashes).without_broken(),
    )


def aligned(column: VectorColumn, post_id_hashes: Int64s) -> ContentVectors:
    """The vectors in the order of these posts. -> (n_posts, width)"""
    width = column.values.shape[1]
    if len(column.post_id_hashes) == 0:
        return ContentVectors(np.zeros((len(post_id_hashes), width), np.float16), np.zeros(len(post_id_hashes), bool))
    order = np.argsort(column.post_id_hashes)
    indices = np.minimum(np.searchsorted(column.post_id_hashes, post_id_hashes, sorter=order), len(order) - 1)
    found = order[indices]
    known = column.post_id_hashes[found] == post_id_hashes
    return ContentVectors(column.values, known, found)


def manifest_encoder(card: EncoderCard) -> Encoder:
    """The entry for a model's manifest; its version changes whenever the vectors would."""
    return Encoder(name=card.name, version=card.identity, width=card.width)
