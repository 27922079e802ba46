"""Whether a stored model has a row for a user: looked up in its file, by services without torch and numpy.

The file begins with a header that says where each tensor lies (the format of safetensors); the vocabulary of users is
one of ascending hashes, so that a look-up reads a few numbers of it.
"""

import struct
from bisect import bisect_left
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from shared.errors import ArtefactError
from shared.files.untrusted_files import open_untrusted, parse_json
from shared.neucf.model_files import (
    HEADER_LENGTH,
    MAX_HEADER_BYTES,
    USER_KEYS,
    WEIGHTS,
    parse_manifest,
    read_manifest_bytes,
    unreadable,
)

_HASH = struct.Struct("<q")


def has_user_row(folder: Path, id_hash: int, *, sha256: str) -> bool:
    """Whether a model was trained on a user.

    Args:
        folder: of the model.
        id_hash: of the user, as PostgreSQL computes it.
        sha256: of the weights, as PostgreSQL recorded it; compared with the manifest's, since hashing takes long.

    Raises:
        ArtefactError: the files cannot be read, or are another model's.
    """
    if parse_manifest(read_manifest_bytes(folder)).get("weights_sha256") != sha256:
        raise ArtefactError(f"{folder}: holds another model than the database says; copy the model's folder again")
    path = folder / WEIGHTS
    try:
        with open_untrusted(path, below=folder) as file:
            return _stands_in(file, id_hash)
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, LookupError, TypeError, struct.error) as error:
        raise ArtefactError(f"{path}: no vocabulary of users can be read; copy the model's folder again") from error


def _stands_in(file: BufferedReader, id_hash: int) -> bool:
    start, count = _vocabulary(file)

    def hash_at(index: int) -> int:
        file.seek(start + index * _HASH.size)
        return int(_HASH.unpack(file.read(_HASH.size))[0])

    index = bisect_left(range(count), id_hash, key=hash_at)
    return index < count and hash_at(index) == id_hash


def _vocabulary(file: BufferedReader) -> tuple[int, int]:
    """Where in the file the hashes of users begin, and how many there are."""
    (length,) = HEADER_LENGTH.unpack(file.read(HEADER_LENGTH.size))
    if length > MAX_HEADER_BYTES:
        raise ValueError(f"got a header of {length:,} bytes, expected at most {MAX_HEADER_BYTES:,}")
    header = cast(Mapping[str, Any], parse_json(file.read(length)))
    start, end = header[USER_KEYS]["data_offsets"]
    return HEADER_LENGTH.size + length + start, (end - start) // _HASH.size
