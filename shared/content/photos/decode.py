"""Bytes from strangers to an RGB image, within limits. Only the first frame, upright, on white."""

import io
from collections.abc import Callable
from contextlib import suppress

from PIL import Image, ImageOps, UnidentifiedImageError

from shared.content.photos.unreadable import Fault, PhotoRefused

# What phones and browsers upload. Pillow knows 40 more formats: old ones, seldom read, one of which runs Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
MAX_SCANS = (
    100  # of a progressive JPEG; cameras write about 10. Thousands of tiny ones each cost a pass over all pixels
)
SHORT_SIDE = 640  # pixels wanted of the shorter side: above the input of every encoder we name (DINOv2: 518)
KEPT_SIDE = 2 * SHORT_SIDE  # up to here nothing is resized, which the encoder does anyway: 16 ms of 25 for 1080 × 1350
MAX_ASPECT = 4  # longer strips are cut about their centre: encoders look at the middle, and memory stays bounded
ROWS = 64  # of pixels that are scaled at once
_START_OF_SCAN = b"\xff\xda"


def decode(content: bytes, *, max_pixels: int, on_size: Callable[[int], object] = int) -> Image.Image:
    """An RGB image whose shorter side is at most 1,280 pixels.

    Args:
        content: the photo's bytes.
        max_pixels: that it may have.
        on_size: told how many it has, before they are unpacked.

    Raises:
        PhotoRefused: no image, too large once unpacked, or broken.
        MemoryError: there is not enough of it.
    """
    if not content:
        raise PhotoRefused(Fault.EMPTY, "got 0 bytes")
    try:
        with _open(content) as image:
            _check_size(image, content, max_pixels)
            on_size(image.width * image.height)
            image.draft(None, (SHORT_SIDE, SHORT_SIDE))  # a JPEG is decoded at 1/2, 1/4, 1/8 where that is enough
            image.load()
            return _on_white(_shrunk(_eight_bit(_upright(image))))
    except (PhotoRefused, MemoryError):
        raise
    except Exception as error:  # decoders of hostile bytes raise anything: OSError, SyntaxError, struct.error
        fault = Fault.TRUNCATED if "truncated" in str(error).lower() else Fault.BROKEN_IMAGE
        raise PhotoRefused(fault, f"the decoder gave up with {type(error).__name__}") from error


def _open(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        kind = "HEIC" if content[4:8] == b"ftyp" else "bytes of no known kind"
        raise PhotoRefused(Fault.NOT_AN_IMAGE, f"got {kind}, expected one of {', '.join(FORMATS)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # the latter where warnings are errors
        raise PhotoRefused(Fault.TOO_MANY_PIXELS, "got more pixels than Pillow opens") from None


def _check_size(image: Image.Image, content: bytes, max_pixels: int) -> None:
    """The header's word, before a pixel is unpacked."""
    pixels = image.width * image.height
    if pixels > max_pixels:
        raise PhotoRefused(Fault.TOO_MANY_PIXELS, f"got {image.width} × {image.height}, expected {max_pixels} or fewer")
    scans = content.count(_START_OF_SCAN) if image.format in ("JPEG", "MPO") else 0
    if scans > MAX_SCANS:
        raise PhotoRefused(Fault.TOO_MANY_SCANS, f"got {scans} scans, expected {MAX_SCANS} or fewer")


def _upright(image: Image.Image) -> Image.Image:
    with suppress(Exception):  # broken EXIF is common and hides nothing: the pixels are good, as the camera held them
        ImageOps.exif_transpose(image, in_place=True)  # else it copies what need not be turned
    return image


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey scaled to 8; Pillow's own conversion would cut everything above 255 to white."""
    if not image.mode.startswith("I"):
        return image
    import numpy as np  # half of what a process that decodes takes to start, and few photos want it

    values = np.asarray(image)  # (height, width), 0…65535
    scaled = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), ROWS):  # all at once would be 16 bytes a pixel
        rows = values[top : top + ROWS].astype(np.float32)
        scaled[top : top + ROWS] = (rows / 257).round().clip(0, 255).astype(np.uint8)
    return Image.fromarray(scaled)


def _shrunk(image: Image.Image) -> Image.Image:
    image = _without_palette(image)
    width, height = image.size
    short = min(width, height)
    keep_width, keep_height = min(width, MAX_ASPECT * short), min(height, MAX_ASPECT * short)
    left, top = (width - keep_width) // 2, (height - keep_height) // 2
    scale = 1.0 if short <= KEPT_SIDE else SHORT_SIDE / short
    size = (max(1, round(keep_width * scale)), max(1, round(keep_height * scale)))
    box = (left, top, left + keep_width, top + keep_height)
    if scale == 1.0:
        return image if size == image.size else image.crop(box)
    return image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)


def _without_palette(image: Image.Image) -> Image.Image:
    """RGBA where anything may be transparent, else RGB: what can be resized without mixing palette numbers."""
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
