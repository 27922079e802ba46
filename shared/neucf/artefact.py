"""A model as a folder: `weights.safetensors`, `manifest.json` and what its final ranker needs, written whole or not at
all, read strictly.

No pickle is written or read: a folder from elsewhere can be refused, but it cannot run code.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from shared.errors import ArtefactError
from shared.files.untrusted_files import open_untrusted
from shared.neucf.manifest import Encoder, Manifest
from shared.neucf.model import NeuCF
from shared.neucf.model_files import MANIFEST as MANIFEST
from shared.neucf.model_files import (
    POST_KEYS,
    USER_KEYS,
    read_manifest_bytes,
    refuse_other_file,
    refuse_other_manifest,
    unreadable,
)
from shared.neucf.model_files import WEIGHTS as WEIGHTS
from shared.neucf.ranker_files import RankerState, as_stored, load_state, refuse_bad_header
from shared.neucf.vocab import Vocab


@dataclass(frozen=True, slots=True, eq=False)
class Artefact:
    """A trained model and everything that scoring needs."""

    model: NeuCF
    users: Vocab
    posts: Vocab
    manifest: Manifest
    manifest_sha256: str = ""  # of the file that it was read from; blank: of none
    ranker_state: RankerState = field(default_factory=RankerState)  # what the final ranker needs beside the model


def save_artefact(folder: Path, artefact: Artefact, *, allow_non_finite: bool = False) -> Manifest:
    """Write a model into a new folder: under another name, synced, then renamed, so that no reader sees half of it.

    `allow_non_finite` writes such weights too, so that a rejected model can be inspected; readers refuse them.

    Returns:
        The manifest as written, with the size and hash of the weights.

    Raises:
        ArtefactError: the folder exists, the disk refuses, or a weight is NaN or infinite.
    """
    tensors = {name: each.detach().cpu().contiguous() for name, each in artefact.model.state_dict().items()}
    if not allow_non_finite:
        _refuse_non_finite(tensors)
    tensors |= {
        USER_KEYS: torch.from_numpy(artefact.users.id_hashes),
        POST_KEYS: torch.from_numpy(artefact.posts.id_hashes),
    }
    weights, files = save(tensors), artefact.ranker_state.for_ranker(artefact.manifest.final_ranker).to_files()
    manifest = replace(
        artefact.manifest,
        n_user_rows=artefact.users.n_rows,
        n_post_rows=artefact.posts.n_rows,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        weights_bytes=len(weights),
        files=as_stored(files),
    )
    try:
        _write_folder(folder, {WEIGHTS: weights, **files, MANIFEST: manifest.to_json().encode()})
    except OSError as error:
        raise ArtefactError(f"{folder}: cannot be written ({error.strerror}); is there room, and is it new?") from error
    return manifest


def read_manifest(folder: Path, *, sha256: str | None = None) -> Manifest:
    """Read a model's manifest, without its weights; a file other than the recorded one is refused.

    Raises:
        ArtefactError: it cannot be read, is another file than `sha256` says, or is of another format.
    """
    with _as_artefact_error(folder):
        content = read_manifest_bytes(folder)
        refuse_other_manifest(folder, content, sha256)
        return Manifest.from_json(content)


def load_artefact(
    folder: Path,
    *,
    image: Encoder | None,
    caption: Encoder | None,
    device: torch.device,
    sha256: str | None = None,
    manifest_sha256: str | None = None,
) -> Artefact:
    """Read a model and refuse it unless everything fits.

    Args:
        folder: what `save_artefact` wrote.
        image: the encoder of the image vectors that will be scored with; None: there are none.
        caption: the same for captions.
        device: for the model.
        sha256: the hash of the weights that PostgreSQL recorded, when it did.
        manifest_sha256: the same of the manifest.

    Raises:
        ArtefactError: what is wrong, got and expected.
    """
    with _as_artefact_error(folder):
        content = read_manifest_bytes(folder)
        refuse_other_manifest(folder, content, manifest_sha256)
        manifest = Manifest.from_json(content)
        manifest.expect_encoders(image=image, caption=caption)
        tensors = _tensors(_read_weights(folder / WEIGHTS, manifest.weights_bytes, sha256), manifest)
        model, users, posts = _model(tensors, manifest)
        state = load_state(folder, manifest.final_ranker, manifest.files, n_post_rows=posts.n_rows)
    digest = hashlib.sha256(content).hexdigest()
    return Artefact(model.to(device).eval(), users, posts, manifest, digest, state)


@contextmanager
def _as_artefact_error(folder: Path) -> Iterator[None]:
    """Files from elsewhere can make reading fail in any way; callers get one kind of error."""
    try:
        yield
    except ArtefactError:
        raise
    except Exception as error:  # wrong types and sizes in a manifest, too little memory, torch's own errors
        kind = type(error).__name__
        raise ArtefactError(f"{folder}: the model cannot be loaded ({kind}); copy its folder again") from error


def _read_weights(path: Path, n_bytes: int, sha256: str | None) -> bytes:
    try:
        with open_untrusted(path, below=path.parent) as file:
            size = os.fstat(file.fileno()).st_size
            if size != n_bytes:
                raise ArtefactError(f"weights: got {size} bytes, expected {n_bytes}; copy them again")
            if sha256 is not None:  # before the file is in memory
                refuse_other_file(path, hashlib.file_digest(file, "sha256").hexdigest(), sha256)
                file.seek(0)
            return file.read(size)
    except OSError as error:
        raise unreadable(path, error) from error


def _tensors(weights: bytes, manifest: Manifest) -> dict[str, Tensor]:
    got = hashlib.sha256(weights).hexdigest()
    expected = manifest.weights_sha256
    if got != expected:
        raise ArtefactError(f"weights: got SHA-256 {got[:12]}…, expected {expected[:12]}… as in the manifest")
    try:
        refuse_bad_header(weights)
        return load(weights)
    except (SafetensorError, ValueError) as error:
        raise ArtefactError(f"weights: not a safetensors file ({error})") from error


def _model(tensors: dict[str, Tensor], manifest: Manifest) -> tuple[NeuCF, Vocab, Vocab]:
    users, posts = _vocab(tensors, USER_KEYS, manifest.n_user_rows), _vocab(tensors, POST_KEYS, manifest.n_post_rows)
    with torch.device("meta"):  # shapes only: a manifest with huge shapes is refused before memory is allocated
        _refuse_other_shapes(tensors, NeuCF(manifest.config, n_user_rows=users.n_rows, n_post_rows=posts.n_rows))
    _refuse_non_finite(tensors)
    model = NeuCF(manifest.config, n_user_rows=users.n_rows, n_post_rows=posts.n_rows)
    model.load_state_dict(tensors, strict=True)
    return model, users, posts


def _vocab(tensors: dict[str, Tensor], name: str, n_rows: int) -> Vocab:
    keys = tensors.pop(name, torch.zeros(0)).numpy()
    if keys.dtype != np.int64 or len(keys) + 1 != n_rows:
        raise ArtefactError(f"{name}: got {len(keys)} keys of {keys.dtype}, expected {n_rows - 1} of int64")
    try:
        return Vocab(keys)
    except ValueError as error:
        raise ArtefactError(f"{name}: {error}") from error


def _refuse_other_shapes(tensors: dict[str, Tensor], model: NeuCF) -> None:
    expected = {name: (tuple(each.shape), each.dtype) for name, each in model.state_dict().items()}
    got = {name: (tuple(each.shape), each.dtype) for name, each in tensors.items()}
    for name in sorted(expected.keys() | got.keys()):
        if expected.get(name) != got.get(name):
            raise ArtefactError(f"weights: {name}: got {got.get(name)}, expected {expected.get(name)}; retrain")


def _refuse_non_finite(tensors: dict[str, Tensor]) -> None:
    for name, each in tensors.items():
        if not bool(torch.isfinite(each).all()):
            raise ArtefactError(f"weights: {name} holds NaN or infinity, expected finite numbers; retrain")


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    if folder.exists():
        raise ArtefactError(f"{folder}: there is a model already; a version is never overwritten")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        unfinished.chmod(0o755)  # mkdtemp gives 0700; the scoring container may run as another user
        for name, content in files.items():
            with (unfinished / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        _sync_folder(unfinished)
        unfinished.rename(folder)
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # gone already when the rename succeeded


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
