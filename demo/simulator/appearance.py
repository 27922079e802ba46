"""Describes the appearance of photos: colours by cell, and edges by direction (after Dalal and Triggs 2005).

It is low-level on purpose: the model's image encoder recognises the content, these numbers only the appearance.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.errors import WorldMissing
from demo.simulator.words import unit

Floats = NDArray[np.float64]

SIDE = 64  # pixels that a photo is scaled to
CELLS = 4  # a photo is 4 × 4 cells
DIRECTIONS = 8  # of edges, over half a turn
LEVELS = 4  # per colour channel, in the histogram of the whole
MAIN_DIRECTIONS = 16  # numbers in a vector: bright, green below, blue above, many upright edges…


def appearance_of(paths: Sequence[Path]) -> Floats:
    """A unit vector per photo. -> (n_photos, at most MAIN_DIRECTIONS)

    Raises:
        WorldMissing: a file is not an image.
    """
    return main_directions(np.stack([_describe(_read(path)) for path in paths]))


def main_directions(descriptions: Floats, *, width: int = MAIN_DIRECTIONS) -> Floats:
    """The descriptions projected on their principal directions, each weighted by the square root of its spread."""
    spread = descriptions.std(axis=0)
    level = (descriptions - descriptions.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    left, values, _ = np.linalg.svd(level, full_matrices=False)
    return unit(left[:, :width] * np.sqrt(values[:width]))


def _read(path: Path) -> Floats:
    """RGB in [0, 1]. -> (SIDE, SIDE, 3)"""
    try:
        with Image.open(path) as image:
            small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise WorldMissing(f"{path}: {error}; expected a photo; replace it, or delete its lines") from None
    return np.asarray(small, dtype=np.float64) / 255.0


def _describe(pixels: Floats) -> Floats:
    """Mean colour by cell, a histogram of colours, and edges by cell and direction, as one row."""
    cell = SIDE // CELLS
    colours = pixels.reshape(CELLS, cell, CELLS, cell, 3).mean(axis=(1, 3))  # (CELLS, CELLS, 3)
    levels = np.minimum((pixels * LEVELS).astype(np.int64), LEVELS - 1) @ np.array([LEVELS**2, LEVELS, 1])
    histogram = np.bincount(levels.ravel(), minlength=LEVELS**3) / SIDE**2
    return np.concatenate([colours.ravel(), np.sqrt(histogram), _edges(pixels.mean(axis=2), cell).ravel()])


def _edges(grey: Floats, cell: int) -> Floats:
    """Strength of edges. -> (cells, DIRECTIONS)"""
    down, right = np.gradient(grey)
    direction = ((np.arctan2(down, right) % np.pi) / np.pi * DIRECTIONS).astype(np.int64) % DIRECTIONS
    rows, columns = np.indices(grey.shape) // cell
    place = (rows * CELLS + columns) * DIRECTIONS + direction
    strength = np.bincount(place.ravel(), weights=np.hypot(down, right).ravel(), minlength=CELLS**2 * DIRECTIONS)
    return np.sqrt(strength.reshape(CELLS**2, DIRECTIONS))
