"""The owner of a model folder. The trainer deletes old models, so two installations in one folder would delete each
other's models. The file `installation.txt` names the owner; see docs/adr/0018-installation-id.md.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import ArtefactError, ForeignInstallation
from shared.files.untrusted_files import read_untrusted
from shared.neucf.model_files import MANIFEST, parse_manifest, read_manifest_bytes

OWNER = "installation.txt"
MAX_OWNER_BYTES = 10_000  # an id has 64 characters
GROWTH = 1.2  # allowed size of a new model, relative to the newest one
MB = 1_000_000
SHOWN = 8  # characters of an id that a message shows


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModels:
    """The models that lie in a folder, as their manifests name them."""

    hashes: Mapping[str, str] = field(default_factory=dict)  # folder → SHA-256 of the weights
    trained_by: Mapping[str, str] = field(default_factory=dict)  # folder → installation


FirstModel = Callable[[], int]  # bytes that a model of this data will take
KnowsModels = Callable[[Mapping[str, str]], set[str]]  # the folders whose hashes PostgreSQL has on record


def read_owner(folder: Path) -> str | None:
    """The installation that a folder names as its owner; None when it names none.

    Raises:
        ArtefactError: the folder cannot be read.
    """
    try:
        content = read_untrusted(folder / OWNER, below=folder, max_bytes=MAX_OWNER_BYTES)
        return content.decode(errors="replace").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArtefactError(f"{folder / OWNER}: cannot be read ({error.strerror}); see WARMLINE_MODEL_DIR") from error


def stored_models(folder: Path) -> StoredModels:
    """The models of a folder whose manifest can be read; the others are left out."""
    hashes, trained_by = dict[str, str](), dict[str, str]()
    for path in sorted(folder.glob("model-*")):
        with suppress(ArtefactError, KeyError):
            values = parse_manifest(read_manifest_bytes(path))
            hashes[path.name] = str(values["weights_sha256"])
            trained_by[path.name] = str(values.get("numbering", ""))
    return StoredModels(hashes=hashes, trained_by=trained_by)


def claim_folder(folder: Path, installation: str, known: KnowsModels) -> None:
    """Make this installation the owner of an unowned folder; if it holds models, one must be on record in PostgreSQL.

    Raises:
        ForeignInstallation: it belongs to another one; nothing was changed.
        ArtefactError: it cannot be read or written.
    """
    owner = read_owner(folder)
    if owner is None:
        hashes = stored_models(folder).hashes
        if hashes and not known(hashes):
            raise _foreign(folder, None, installation)
        write_owner(folder, installation)
        owner = read_owner(folder)
    if owner != installation:
        raise _foreign(folder, owner, installation)


def refuse_foreign_folder(folder: Path, installation: str, earlier: Collection[str]) -> None:
    """Refuse a folder of another installation, for readers; earlier ids of this installation are accepted.

    Raises:
        ForeignInstallation: it belongs to another one.
    """
    owner = read_owner(folder)
    if owner is not None and owner != installation and owner not in earlier:
        raise _foreign(folder, owner, installation)


def write_owner(folder: Path, installation: str, *, replace: bool = False) -> None:
    """Write the owner's file atomically; without `replace`, an owner who was faster stays.

    Raises:
        ArtefactError: the folder cannot be written.
    """
    partial = folder / f".{OWNER}.{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(f"{installation}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        if replace or not _link(partial, folder / OWNER):
            partial.replace(folder / OWNER)
    except OSError as error:
        raise ArtefactError(f"{folder}: cannot be written ({error.strerror}); see WARMLINE_MODEL_DIR") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def check_folder(folder: Path, first_model: FirstModel) -> None:
    """Try what saving a model does, with a tiny folder, and check the free space.

    Args:
        folder: of the models.
        first_model: gives the expected bytes where there is no model yet.

    Raises:
        ArtefactError: the folder cannot be written, or has too little space.
    """
    test_folder = folder / f".trial-{secrets.token_hex(4)}"
    renamed = test_folder.with_name(f"{test_folder.name}-renamed")
    try:
        test_folder.mkdir(parents=True)
        (test_folder / MANIFEST).write_bytes(b"{}")
        test_folder.rename(renamed)
    except OSError as error:
        raise ArtefactError(
            f"{folder}: cannot be written ({error.strerror}); see WARMLINE_MODEL_DIR, and whose the folder is"
        ) from error
    finally:
        for path in (test_folder, renamed):
            shutil.rmtree(path, ignore_errors=True)
    short = shortage(folder, first_model)
    if short:
        raise ArtefactError(short)


def shortage(folder: Path, first_model: FirstModel) -> str:
    """The message for a folder with too little space for one more model; empty where it has enough."""
    free, wanted = shutil.disk_usage(folder).free, bytes_needed(folder, first_model)
    if free >= wanted:
        return ""
    return (
        f"{folder}: {free / MB:,.0f} MB are free, a model wants about {wanted / MB:,.0f} MB;"
        " make room, or keep fewer models (WARMLINE_MODELS_KEPT)"
    )


def bytes_needed(folder: Path, first_model: FirstModel) -> int:
    """Bytes that the next model may take: somewhat more than the newest one, of any installation."""
    sizes = [_size(path) for path in sorted(folder.glob("model-*"))]
    return int(sizes[-1] * GROWTH) if sizes else first_model()


def _size(folder: Path) -> int:
    with suppress(OSError):
        return sum(path.stat().st_size for path in folder.iterdir())
    return 0


def _link(partial: Path, owner: Path) -> bool:
    """Link the file to its name unless an owner is named there; False where it has to be renamed instead."""
    try:
        os.link(partial, owner)
    except OSError:  # it exists, or the file system has no links
        return read_owner(owner.parent) is not None
    return True


def _foreign(folder: Path, owner: str | None, installation: str) -> ForeignInstallation:
    whose = f"belongs to another installation ({owner[:SHOWN]})" if owner else "holds models of another installation"
    return ForeignInstallation(
        f"{folder}: {whose}, this one is {installation[:SHOWN]}; nothing in it was touched: set WARMLINE_MODEL_DIR to a"
        " folder of its own, or say `warmline installation adopt` (its models stay)"
    )
