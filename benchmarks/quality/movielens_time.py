"""MovieLens-1M's likes with real seconds, and the whole log in its order with posters and abstracts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import DataMalformed, DataMissing
from benchmarks.quality.data import Columns
from benchmarks.quality.global_time import global_time_columns
from benchmarks.quality.movielens_content import film_features
from benchmarks.quality.npz import read_npz

FOLDER = "ml1m_mm"
ORDER, LIKES = "ml1m_order.npz", "ml1m_likes_time.npz"
FEW_LIKES = 20  # films with fewer likes before the last tenth show what content is good for

Int64s = NDArray[np.int64]
Seconds = NDArray[np.float64]


def likes_in_time(folder: Path) -> Iterator[Columns]:
    """Likes (ratings of 4 and 5) with seconds, cut at one time for all; each film that the log has is ranked.

    Raises:
        DataMissing, DataMalformed: the file is not there, or not as expected.
    """
    pairs, at, films = _likes(folder)
    yield global_time_columns("ml1m-time", pairs, at, post_id_hashes=films)


def with_content(folder: Path) -> Iterator[Columns]:
    """The log in order with posters and abstracts; then the last tenth's likes of films that had few likes before it.

    Films without any like before it are ranked among themselves too.

    Raises:
        DataMissing, DataMalformed: a file is not there, or not as expected.
        EncoderUnavailable: an encoder's package or weights are missing.
    """
    columns = read_npz(_file(folder, ORDER), name="ml1m-mm")
    pairs, at, films = _likes(folder)
    n_films = int(films[-1]) + 1
    features = film_features(folder / FOLDER, n_films)
    slots = ("posters → image", "abstracts → caption")
    yield replace(columns, post_id_hashes=np.arange(n_films), features=features, slots=slots)
    yield global_time_columns(
        "ml1m-mm, rare films",
        pairs, at, post_id_hashes=np.arange(n_films), features=features, slots=slots, rarer_than=FEW_LIKES,
    )  # fmt: skip


def _likes(folder: Path) -> tuple[Int64s, Seconds, Int64s]:
    """Pairs of user and film, their seconds, and all films."""
    path = _file(folder, LIKES)
    try:
        with np.load(path, allow_pickle=False) as file:
            pairs = np.stack([file["user"], file["item"]], axis=1).astype(np.int64)
            at = file["at"].astype(np.float64)
    except (OSError, KeyError, ValueError) as error:
        raise DataMalformed(f"{path.name}: {error}; expected user, item and at, as many of each") from error
    films = np.union1d(pairs[:, 1], read_npz(_file(folder, ORDER), name="films").post_id_hashes)
    if len(pairs) != len(at) or len(pairs) == 0:
        raise DataMalformed(f"{path.name}: got {len(pairs)} pairs and {len(at)} times, expected as many of both")
    return pairs, at, films


def _file(folder: Path, name: str) -> Path:
    path = folder / FOLDER / name
    if not path.is_file():
        raise DataMissing(f"{path}: no such file; name the folder that holds it: --data")
    return path
