"""The size that a photo encoder resizes every photo to, so that the process that decodes photos can do it."""

from typing import NamedTuple


class TargetSize(NamedTuple):
    """A length of the shorter side, and how it is reached."""

    shorter_side: int  # pixels
    resampling: int  # one of `PIL.Image.Resampling`
