"""Posters and abstracts of MovieLens-1M's films as content, encoded once by the encoders that ship."""

import json
from pathlib import Path

import numpy as np

from benchmarks.errors import DataMalformed, DataMissing
from benchmarks.provenance import ROOT
from benchmarks.quality.photo_vectors import FolderVectors, encode_folder
from demo.simulator.folder import CaptionedPhoto
from shared.neucf.features import ContentVectors, PostFeatures

POSTERS, ABSTRACTS = "posters", "captions.json"  # <item>.jpg; item -> text
CACHE = ROOT / ".warmline" / "benchmark-vectors"  # as of the photos: outside of what is committed


def film_features(folder: Path, n_films: int, *, cache: Path = CACHE) -> PostFeatures:
    """The vectors of films 0 to n_films − 1; a film may lack its poster, its abstract or both.

    Args:
        folder: with the posters and the abstracts, both by item number.
        n_films: of the log.
        cache: a folder for the vectors between runs; encoding takes minutes.

    Raises:
        DataMissing: there are no posters or no abstracts.
        DataMalformed: the abstracts cannot be read.
        EncoderUnavailable: an encoder's package or weights are missing.
    """
    films = _films(folder, n_films)
    vectors = encode_folder(films, cache)
    return PostFeatures(image=ContentVectors(vectors.image, vectors.readable), caption=_captions(films, vectors))


def _films(folder: Path, n_films: int) -> list[CaptionedPhoto]:
    """All films; the path of a poster need not exist."""
    if not (folder / POSTERS).is_dir() or not (folder / ABSTRACTS).is_file():
        raise DataMissing(f"{folder}: expected {POSTERS} and {ABSTRACTS}; name the folder that holds ml1m_mm: --data")
    try:
        abstracts = json.loads((folder / ABSTRACTS).read_text(encoding="utf-8"))
        texts = {int(item): str(text) for item, text in abstracts.items()}
    except (ValueError, AttributeError) as error:
        raise DataMalformed(f"{folder / ABSTRACTS}: {error}; expected one object, item number to text") from error
    return [
        CaptionedPhoto(
            path=folder / POSTERS / f"{film}.jpg", captions=(texts[film],) if texts.get(film, "").strip() else ()
        )
        for film in range(n_films)
    ]


def _captions(films: list[CaptionedPhoto], vectors: FolderVectors) -> ContentVectors:
    known = np.array([bool(film.captions) for film in films], dtype=np.bool_)
    values = np.zeros((len(films), vectors.caption.shape[1]), dtype=np.float32)
    values[known] = vectors.caption[vectors.first_caption[known]]
    return ContentVectors(values, known)
