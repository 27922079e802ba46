"""Finds an encoder's weights: in an installed package, in a local folder, else on the hub."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import torch

from shared.errors import EncoderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedWeights:
    """Weights in a Python package."""

    module: str
    path: str  # below the module's folder
    install: str  # the command that brings it

    def find(self) -> Path | None:
        """The file or folder, without importing the package."""
        spec = find_spec(self.module)
        if spec is None or spec.origin is None:
            return None
        place = Path(spec.origin).parent / self.path
        return place if place.exists() else None


def local_folder(root: Path | None, model: str) -> Path | None:
    """The folder of a model below WARMLINE_ENCODER_FOLDER, if it exists: `root / model`."""
    if root is None:
        return None
    folder = root / model
    return folder if (folder / "config.json").is_file() else None


def unavailable(name: str, model: str, packaged: PackagedWeights | None, cause: Exception) -> EncoderUnavailable:
    """The error for missing weights. The cause is chained, not quoted: it is long, and names hosts."""
    install = f"`{packaged.install}`, or " if packaged else ""
    return EncoderUnavailable(
        f"{name}: got no weights (in no package, not in WARMLINE_ENCODER_FOLDER, and the hub gave "
        f"{type(cause).__name__}); {install}put the model's files into {model}/ below WARMLINE_ENCODER_FOLDER"
    )


def fingerprint(state: Mapping[str, torch.Tensor]) -> str:
    """12 hex digits that depend on all names, shapes and values, but not on where the weights were loaded from."""
    digest = sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:12]
