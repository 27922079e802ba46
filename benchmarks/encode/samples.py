"""Photos and captions to encode, drawn with a seed: of the sizes and lengths that phones and people give."""

from pathlib import Path
from shutil import copyfile

import numpy as np
from PIL import Image

SIDES = ((1080, 1350), (1080, 1080), (1440, 1080), (3024, 4032))  # what apps keep, and one phone's full photo in four
DISTINCT = 8  # photos that are drawn; drawing one takes longer than encoding it
COARSE = 40  # pixels of a patch of colour, smooth at its borders
GRAIN = 12  # brightness steps of noise, as a sensor's: without it files are a tenth of the usual size
QUALITY = 85  # of the JPEG
SYLLABLES = ("ka", "mi", "lo", "ten", "sur", "ba", "ri", "no", "pel", "du", "sha", "wen")
WORDS = 2000
MEAN_WORDS, MOST_WORDS = 12, 60  # of a caption; few are long


def write_photos(folder: Path, n: int, seed: int) -> list[str]:
    """Write n JPEGs, the later ones copies of the first; gives their names below the folder."""
    chance = np.random.default_rng(seed)
    names = [f"{number:05d}.jpg" for number in range(n)]
    for number, name in enumerate(names[:DISTINCT]):
        _photo(*SIDES[number % len(SIDES)], chance).save(folder / name, "JPEG", quality=QUALITY)
    for number, name in enumerate(names[DISTINCT:]):
        copyfile(folder / names[number % DISTINCT], folder / name)
    return names


def captions(n: int, seed: int) -> list[str]:
    """Captions of made-up words, whose lengths spread as people's do."""
    chance = np.random.default_rng(seed)
    words = ["".join(chance.choice(SYLLABLES, chance.integers(1, 4))) for _ in range(WORDS)]
    lengths = np.minimum(1 + chance.geometric(1 / MEAN_WORDS, n), MOST_WORDS)
    return [" ".join(chance.choice(words, length)) for length in lengths]


def _photo(width: int, height: int, chance: np.random.Generator) -> Image.Image:
    patches = (255 * chance.random((height // COARSE, width // COARSE, 3))).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    grain = chance.integers(-GRAIN, GRAIN + 1, (height, width, 1)).astype(np.int16)
    return Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))
