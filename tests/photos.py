"""Synthetic photos of smooth noise, and typical changes of a photo that is posted again."""

import io

import numpy as np
from PIL import Image, ImageEnhance


def a_photo(seed: int, *, width: int = 320, height: int = 240) -> Image.Image:
    """A photo for each seed, unlike all others."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def recompressed(image: Image.Image, quality: int = 30) -> Image.Image:
    """Encoded as JPEG of this quality, and decoded."""
    return Image.open(io.BytesIO(as_jpeg(image, quality))).convert("RGB")


def as_jpeg(image: Image.Image, quality: int = 85) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def cut(image: Image.Image, share: float) -> Image.Image:
    """Cropped by a share of each side, around the middle."""
    width, height = image.size
    left, top = round(width * share / 2), round(height * share / 2)
    return image.crop((left, top, width - left, height - top))


def brighter(image: Image.Image, factor: float) -> Image.Image:
    """With its brightness multiplied by a factor."""
    return ImageEnhance.Brightness(image).enhance(factor)


def halved(image: Image.Image) -> Image.Image:
    """At half the width and height."""
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC)
