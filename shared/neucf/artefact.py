"""A model as a folder: `weights.safetensors` and `manifest.json`, written whole or not at all, read strictly.

No pickle is written or read: a folder from elsewhere can be refused, but it cannot run code.
"""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from shared.errors import ArtefactError
from shared.neucf.manifest import Encoder, Manifest
from shared.neucf.model import NeuCF
from shared.neucf.model_files import MANIFEST as MANIFEST
from shared.neucf.model_files import MAX_MANIFEST_BYTES
from shared.neucf.model_files import WEIGHTS as WEIGHTS
from shared.neucf.vocab import Vocab

USER_KEYS, POST_KEYS = "vocab.user_keys", "vocab.post_keys"  # tensors beside the model's own, int64


@dataclass(frozen=True, slots=True, eq=False)
class Artefact:
    """A trained model with all that is needed to score with it."""

    model: NeuCF
    users: Vocab
    posts: Vocab
    manifest: Manifest


def save_artefact(folder: Path, artefact: Artefact, *, even_if_broken: bool = False) -> Manifest:
    """Write a model into a new folder: beside it first, synced, then renamed, so that no reader sees half of it.

    `even_if_broken` keeps weights that are not finite, for whoever looks into a rejected model; no reader takes them.

    Returns:
        The manifest as written, with the size and hash of the weights.

    Raises:
        ArtefactError: the folder exists, the disk refuses, or a weight is NaN or infinite.
    """
    tensors = {name: each.detach().cpu().contiguous() for name, each in artefact.model.state_dict().items()}
    if not even_if_broken:
        _refuse_non_finite(tensors)
    tensors |= {USER_KEYS: torch.from_numpy(artefact.users.keys), POST_KEYS: torch.from_numpy(artefact.posts.keys)}
    weights = save(tensors)
    manifest = replace(
        artefact.manifest,
        n_user_rows=artefact.users.n_rows,
        n_post_rows=artefact.posts.n_rows,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        weights_bytes=len(weights),
    )
    try:
        _write_folder(folder, {WEIGHTS: weights, MANIFEST: manifest.to_json().encode()})
    except OSError as error:
        raise ArtefactError(f"{folder}: cannot be written ({error.strerror}); is there room, and is it new?") from error
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """What a model's folder says of it, without its weights.

    Raises:
        ArtefactError: it cannot be read, or is of another format.
    """
    return Manifest.from_json(_read(folder / MANIFEST, MAX_MANIFEST_BYTES).decode(errors="replace"))


def load_artefact(
    folder: Path,
    *,
    image: Encoder | None,
    caption: Encoder | None,
    device: torch.device,
    sha256: str | None = None,
) -> Artefact:
    """Read a model and refuse it unless everything fits.

    Args:
        folder: what `save_artefact` wrote.
        image: the encoder of the image vectors that will be scored with; None: there are none.
        caption: the same for captions.
        device: where the model shall live.
        sha256: the hash of the weights that PostgreSQL recorded, when it did.

    Raises:
        ArtefactError: what is wrong, got and expected.
    """
    manifest = read_manifest(folder)
    manifest.expect_encoders(image=image, caption=caption)
    tensors = _tensors(_read(folder / WEIGHTS, None), manifest, sha256)
    users, posts = _vocab(tensors, USER_KEYS, manifest.n_user_rows), _vocab(tensors, POST_KEYS, manifest.n_post_rows)
    model = NeuCF(manifest.config, n_user_rows=users.n_rows, n_post_rows=posts.n_rows)
    _refuse_other_shapes(tensors, model)
    _refuse_non_finite(tensors)
    model.load_state_dict(tensors, strict=True)
    return Artefact(model.to(device).eval(), users, posts, manifest)


def _read(path: Path, limit: int | None) -> bytes:
    try:
        if limit is not None and path.stat().st_size > limit:
            raise ArtefactError(f"{path.name}: got {path.stat().st_size} bytes, expected at most {limit}")
        return path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"{path}: cannot be read ({error.strerror}); copy the model's folder again") from error


def _tensors(weights: bytes, manifest: Manifest, sha256: str | None) -> dict[str, Tensor]:
    if len(weights) != manifest.weights_bytes:
        raise ArtefactError(f"weights: got {len(weights)} bytes, expected {manifest.weights_bytes}; copy them again")
    got = hashlib.sha256(weights).hexdigest()
    for expected, source in ((manifest.weights_sha256, "the manifest"), (sha256, "the database")):
        if expected is not None and got != expected:
            raise ArtefactError(f"weights: got SHA-256 {got[:12]}…, expected {expected[:12]}… as in {source}")
    try:
        return load(weights)
    except (SafetensorError, ValueError) as error:
        raise ArtefactError(f"weights: not a safetensors file ({error})") from error


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
