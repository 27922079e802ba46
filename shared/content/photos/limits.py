"""The limit that a photo was refused by: stored with the refusal, which is void once the limit has changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import PIL
from PIL import features

from shared.content.photos.decode import FORMATS, MAX_SCANS
from shared.content.photos.decode_process import SECONDS, SECONDS_PER_MEGAPIXEL
from shared.content.photos.fetch import FetchLimits
from shared.content.photos.unreadable import Fault

_OPTIONAL = ("WEBP", "AVIF")  # formats that Pillow may have been built without


def limits_by_fault(
    *, media_root: Path | None, hosts: Sequence[str], fetch: FetchLimits, max_pixels: int
) -> Mapping[str, str]:
    """For each fault that depends on one of our limits, the current limit."""
    root, decoder = f"media root {media_root}", _decoder()
    return {
        Fault.OUTSIDE_ROOT: root,
        Fault.NO_MEDIA_ROOT: root,
        Fault.FILE_MISSING: root,
        Fault.HOST_NOT_ALLOWED: f"hosts {','.join(sorted(hosts))}",
        Fault.TOO_MANY_REDIRECTS: f"{fetch.max_redirects} redirects",
        Fault.TIMED_OUT: f"{fetch.seconds:g} seconds",
        Fault.TOO_MANY_BYTES: f"{fetch.max_bytes} bytes",
        Fault.TOO_MANY_PIXELS: f"{max_pixels} pixels",
        Fault.TOO_MANY_SCANS: f"{MAX_SCANS} scans",
        Fault.TOO_SLOW: f"{SECONDS:g} seconds and {SECONDS_PER_MEGAPIXEL:g} a megapixel, {decoder}",
        Fault.TOO_MUCH_MEMORY: decoder,
        Fault.NOT_AN_IMAGE: decoder,
        Fault.BROKEN_IMAGE: decoder,
    }


def still_refuses(reason: str, refused_by: str | None, limits: Mapping[str, str]) -> bool:
    """Whether a recorded refusal would happen again.

    Args:
        reason: as written by `Unreadable.reason`.
        refused_by: the limit at that time; None if there was none, and in records of earlier versions.
        limits: the current ones by fault.
    """
    limit = limits.get(reason.partition(":")[0])
    return limit is None or limit == refused_by


def _decoder() -> str:
    formats = [name for name in FORMATS if name not in _OPTIONAL or features.check(name.lower())]
    return f"Pillow {PIL.__version__}: {','.join(formats)}"
