"""Reads a folder of photos and its captions.csv; errors name the file and the line."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.errors import WorldMissing

CAPTIONS_FILE = "captions.csv"
IMAGES_FOLDER = "images"  # below the folder, or else the photos lie beside captions.csv
COLUMNS = ("image", "caption")
_EXPECTED = f"expected a folder with photos and {CAPTIONS_FILE} (columns: {','.join(COLUMNS)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionedPhoto:
    """The file of a photo, and one or more captions by people."""

    path: Path
    captions: tuple[str, ...]


def read_folder(folder: Path) -> tuple[CaptionedPhoto, ...]:
    """The photos that captions.csv names, in the order of their names.

    Raises:
        WorldMissing: the folder, captions.csv or a photo is missing, or a line cannot be read.
    """
    if not folder.is_dir():
        raise WorldMissing(f"{folder}: no such folder; {_EXPECTED}: make demo WORLD=photos PHOTOS=folder")
    images = folder / IMAGES_FOLDER if (folder / IMAGES_FOLDER).is_dir() else folder
    captions: dict[str, list[str]] = {}
    for line, name, caption in _rows(folder / CAPTIONS_FILE):
        if name not in captions:
            _refuse_missing(images, name, line)
        captions.setdefault(name, []).append(caption)
    if not captions:
        raise WorldMissing(f"{folder / CAPTIONS_FILE}: holds no captions; {_EXPECTED}")
    return tuple(CaptionedPhoto(path=images / name, captions=tuple(captions[name])) for name in sorted(captions))


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, image and caption."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = reader.fieldnames or ()
            if not set(COLUMNS) <= set(header):
                raise WorldMissing(f"{path}: got the columns {', '.join(header)}, expected {', '.join(COLUMNS)}")
            for row in reader:
                name, caption = (row["image"] or "").strip(), (row["caption"] or "").strip()
                if not name or not caption:
                    raise WorldMissing(f"{path}, line {reader.line_num}: got no image or no caption, expected both")
                yield reader.line_num, name, caption
    except OSError as error:
        raise WorldMissing(f"{path}: {error.strerror}; {_EXPECTED}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise WorldMissing(f"{path}: {error}; expected CSV in UTF-8") from None


def _refuse_missing(images: Path, name: str, line: int) -> None:
    place = images / name
    if Path(name).is_absolute() or not place.resolve().is_relative_to(images.resolve()):
        raise WorldMissing(f"{CAPTIONS_FILE}, line {line}: got the image {name}, expected a name below {images}")
    if not place.is_file():
        raise WorldMissing(f"{CAPTIONS_FILE}, line {line}: no image {name} in {images}; add it, or delete its lines")
