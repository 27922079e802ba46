"""Made-up vectors of the small world's captions: some posts are like `p02`, all others are like each other."""

import numpy as np

from shared.db.vectors import ContentKind, EncodedVector, store_vectors
from tests.flow.deployment import POSTS, Deployment
from tests.scoring import CAPTION

LIKE_P02 = {"p00", "p05", "p60"}


def store_captions(deployment: Deployment) -> None:
    """Vectors of all captions: those like `p02` point another way than the others, which differ a little."""
    generator = np.random.default_rng(0)
    with deployment.database() as database:
        encoded = []
        for post in POSTS:
            way = [1.0, 0.0, 0.0, 0.0] if post in LIKE_P02 | {"p02"} else [0.0, 1.0, 0.0, 0.0]
            vector = np.array(way, np.float32) + generator.normal(0, 0.05, 4).astype(np.float32)
            encoded.append(EncodedVector(post_id=post, source_hash="made up", vector=vector))
        store_vectors(database, ContentKind.CAPTION, encoder=CAPTION.version, encoded=encoded)
