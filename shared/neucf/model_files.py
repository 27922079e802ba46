"""Whether a model's files are there and whole, told by their bytes alone: for services without torch and numpy."""

import hashlib
import json
from pathlib import Path

from shared.errors import ArtefactError

FORMAT = 3  # of the manifest; grows when a reader of the old format could not use the file
WEIGHTS, MANIFEST = "weights.safetensors", "manifest.json"
MAX_MANIFEST_BYTES = 1_000_000  # a manifest has about 2 kB


def is_at_hand(model_dir: Path) -> bool:
    """Whether this machine (or container) has the folder that all models lie in."""
    return model_dir.is_dir()


def check_model_files(folder: Path, *, sha256: str) -> None:
    """Read a model's files once and compare them with what was recorded when they were written.

    Args:
        folder: what `save_artefact` wrote.
        sha256: of the weights, as PostgreSQL recorded it.

    Raises:
        ArtefactError: a file is missing, cannot be read or is another one; got and expected.
    """
    _check_manifest(folder / MANIFEST)
    got = _hash(folder / WEIGHTS)
    if got != sha256:
        raise ArtefactError(
            f"{folder / WEIGHTS}: got SHA-256 {got[:12]}…, expected {sha256[:12]}… as in the database;"
            " copy the model's folder again"
        )


def _check_manifest(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ArtefactError(f"{path}: got {path.stat().st_size} bytes, expected at most {MAX_MANIFEST_BYTES}")
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise ArtefactError(f"{path}: not JSON; it is truncated or damaged, copy the model's folder again") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        got = manifest.get("format") if isinstance(manifest, dict) else None
        raise ArtefactError(f"{path}: got format {got!r}, expected {FORMAT}; retrain")


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ArtefactError:
    return ArtefactError(f"{path}: cannot be read ({error.strerror}); copy the model's folder again")
