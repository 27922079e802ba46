"""What sources know of posts, from a model and its vectors of them."""

import numpy as np
from numpy.typing import NDArray

from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.model import NeuCF
from shared.neucf.score import PostVectors
from shared.neucf.sources.asked import Int64s, KnownPosts, Units


def facts_of(
    model: NeuCF, model_rows: Int64s, authors: Int64s, features: PostFeatures, vectors: PostVectors
) -> KnownPosts:
    """The facts of a column of posts.

    Args:
        model: whose photos and captions are compared.
        model_rows: (n_posts,) 0 = newer than the model.
        authors: (n_posts,) a number for each author.
        features: of the same posts.
        vectors: of the same posts, from `vectors_of`.
    """
    units = _units_by_part(model, vectors)
    return KnownPosts(
        model_rows=model_rows,
        authors=authors,
        has_photo=known_of(features.image, len(model_rows)),
        has_caption=known_of(features.caption, len(model_rows)),
        photos=units.get("image"),
        captions=units.get("caption"),
    )


def _units_by_part(model: NeuCF, vectors: PostVectors) -> dict[str, Units]:
    if model.nearness is None or vectors.units is None:
        return {}
    units = vectors.units.cpu().numpy()
    parts = zip(model.config.nearness_widths, model.nearness.parts(), strict=True)
    return {name: np.ascontiguousarray(units[:, part.start : part.stop - 1]) for name, part in parts}


def known_of(vectors: ContentVectors | None, n_posts: int) -> NDArray[np.bool_]:
    """Whether each post has a vector. -> (n_posts,)"""
    return np.zeros(n_posts, np.bool_) if vectors is None else vectors.known
