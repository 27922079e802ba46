"""Checks that a model's files are complete, by their bytes alone: for services without torch and numpy."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from shared.errors import ArtefactError
from shared.files.untrusted_files import open_untrusted, parse_json, read_untrusted

FORMAT = 4  # of the manifest; grows when a reader of the old format could not use the file
READ_FORMATS = (3, FORMAT)  # 3: with a serving order instead of a final ranker, and no other files
WEIGHTS, MANIFEST = "weights.safetensors", "manifest.json"
SOURCES = "sources.safetensors"  # what candidate sources have learned
TREES = "trees.txt"  # of a final ranker that was learned, in LightGBM's format
OTHER_FILES = {SOURCES: 1_000_000_000, TREES: 4_000_000}  # that a model's folder may hold, and the most bytes of each
MAX_MANIFEST_BYTES = 1_000_000  # a manifest has about 2 kB
USER_KEYS, POST_KEYS = "vocab.user_keys", "vocab.post_keys"  # int64 tensors that are stored with the model's own
HEADER_LENGTH = struct.Struct("<Q")  # with which a safetensors file begins
MAX_HEADER_BYTES = 1_000_000  # names and shapes of about 20 tensors are 2 kB; the format itself allows 100 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file beside the weights, as the manifest records it."""

    sha256: str
    bytes: int


def has_model_folder(model_dir: Path) -> bool:
    """Whether this machine (or container) has the folder of models."""
    return model_dir.is_dir()


def check_model_files(folder: Path, *, sha256: str, manifest_sha256: str | None) -> None:
    """Read a model's files and compare their hashes with those recorded when they were written.

    Args:
        folder: what `save_artefact` wrote.
        sha256: of the weights, as PostgreSQL recorded it.
        manifest_sha256: the same of the manifest; None of models registered before there was such a record.

    Raises:
        ArtefactError: a file is missing, cannot be read or is another one; got and expected.
    """
    content = read_manifest_bytes(folder)
    values = parse_manifest(content)
    refuse_other_format(values.get("format"))
    refuse_other_manifest(folder, content, manifest_sha256)
    refuse_other_file(folder / WEIGHTS, hash_of(folder / WEIGHTS), sha256)
    check_other_files(folder, values)


def read_manifest_bytes(folder: Path) -> bytes:
    """The manifest's file, unparsed.

    Raises:
        ArtefactError: it is missing, too large, or no file.
    """
    try:
        return read_untrusted(folder / MANIFEST, below=folder, max_bytes=MAX_MANIFEST_BYTES)
    except OSError as error:
        raise unreadable(folder / MANIFEST, error) from error


def parse_manifest(content: bytes) -> Mapping[str, Any]:
    """The manifest's values, unchecked.

    Raises:
        ArtefactError: it is not a JSON object, or nested too deeply.
    """
    try:
        values = parse_json(content)
    except ValueError as error:
        raise ArtefactError(f"manifest: not JSON ({error}); it is truncated or damaged, copy it again") from error
    if not isinstance(values, dict):
        raise ArtefactError(f"manifest: got a {type(values).__name__}, expected an object")
    return cast(Mapping[str, Any], values)


def refuse_other_manifest(folder: Path, content: bytes, sha256: str | None) -> None:
    """Raises ArtefactError for another manifest than the one on record, where one is."""
    if sha256 is not None:
        refuse_other_file(folder / MANIFEST, hashlib.sha256(content).hexdigest(), sha256)


def refuse_other_format(number: object) -> int:
    """The number of a manifest's format.

    Raises:
        ArtefactError: it is one that is not read.
    """
    if isinstance(number, bool) or number not in READ_FORMATS:
        raise ArtefactError(f"manifest: got format {number!r}, expected {' or '.join(map(str, READ_FORMATS))}; retrain")
    return number


def stored_files(values: Mapping[str, Any]) -> dict[str, StoredFile]:
    """The files beside the weights that a manifest names.

    Raises:
        ArtefactError: a name or a value that no model has.
    """
    files = values.get("files", {})
    if not isinstance(files, dict) or not files.keys() <= OTHER_FILES.keys():
        raise ArtefactError(
            f"manifest: got the files {files!r:.200}, expected some of {', '.join(OTHER_FILES)}; retrain"
        )
    found = {}
    for name, each in files.items():
        if not isinstance(each, dict) or each.keys() != {"sha256", "bytes"} or not isinstance(each["sha256"], str):
            raise ArtefactError(f"manifest: {name}: got {each!r:.200}, expected its hash and size; retrain")
        size = each["bytes"]
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= OTHER_FILES[name]:
            raise ArtefactError(
                f"manifest: {name}: got {size!r:.50} bytes, expected at most {OTHER_FILES[name]}; retrain"
            )
        found[name] = StoredFile(sha256=each["sha256"], bytes=size)
    return found


def check_other_files(folder: Path, values: Mapping[str, Any]) -> None:
    """Compare the files beside the weights with a manifest's values.

    Raises:
        ArtefactError: one is missing, cannot be read or is another one.
    """
    for name, stored in stored_files(values).items():
        try:
            size = (folder / name).stat().st_size
        except OSError as error:
            raise unreadable(folder / name, error) from error
        if size != stored.bytes:  # before it is read: it may never end
            raise ArtefactError(f"{folder / name}: got {size} bytes, expected {stored.bytes}; copy the folder again")
        refuse_other_file(folder / name, hash_of(folder / name), stored.sha256)


def hash_of(path: Path) -> str:
    """SHA-256 of a model's file, read piece by piece.

    Raises:
        ArtefactError: it is missing, or no file.
    """
    try:
        with open_untrusted(path, below=path.parent) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def refuse_other_file(path: Path, got: str, expected: str) -> None:
    """Raises ArtefactError unless two hashes are the same."""
    if got != expected:
        raise ArtefactError(
            f"{path}: got SHA-256 {got[:12]}…, expected {expected[:12]}… as in the database;"
            " copy the model's folder again"
        )


def unreadable(path: Path, error: OSError) -> ArtefactError:
    """The error for a model's file that cannot be read."""
    return ArtefactError(f"{path}: cannot be read ({error.strerror}); copy the model's folder again")
