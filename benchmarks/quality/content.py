"""Assigns the content arrays of a data set to the model's two inputs, image and caption."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shared.neucf.features import ContentVectors, Floats, PostFeatures

IMAGE = "image"


def slots_of(arrays: Mapping[str, Floats]) -> tuple[PostFeatures, tuple[str, ...]]:
    """The array `image`, else the first by name, as image vectors; all others, joined, as caption vectors.

    Returns:
        The features, and what became of each array, in words. A row of zeros counts as missing.
    """
    if not arrays:
        return PostFeatures(), ()
    names = sorted(arrays, key=lambda name: (name != IMAGE, name))
    first, others = names[0], names[1:]
    image = ContentVectors(arrays[first], np.asarray(arrays[first].any(axis=1)))
    slots = [f"{first} → image {image.width}"]
    if not others:
        return PostFeatures(image=image), tuple(slots)
    caption = _joined([arrays[name] for name in others])
    slots.append(f"{' + '.join(others)} → caption {caption.width}")
    return PostFeatures(image=image, caption=caption), tuple(slots)


def _joined(parts: list[Floats]) -> ContentVectors:
    """Rows concatenated, each normalised to length 1, so that no array outweighs another."""
    values = np.concatenate([_unit(part) for part in parts], axis=1)
    return ContentVectors(values, np.asarray(values.any(axis=1)))


def _unit(rows: Floats) -> NDArray[np.float32]:
    floats = rows.astype(np.float32)
    length = np.linalg.norm(floats, axis=1, keepdims=True)
    return np.asarray(np.divide(floats, length, out=np.zeros_like(floats), where=length > 0), dtype=np.float32)
