"""Encodes a batch such that an input that cannot be encoded does not fail the others."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from shared.content.encoders.protocol import Vectors
from shared.content.photos.unreadable import Fault, Unreadable
from shared.errors import EncoderFault

Input = TypeVar("Input")


def encode_each(
    encode: Callable[[list[Input]], Vectors], inputs: Sequence[Input]
) -> list[NDArray[np.float32] | Unreadable]:
    """Return a vector for each input, or what is wrong with the input.

    Raises:
        EncoderFault: none of several inputs got a vector, so the encoder is broken.
    """
    if not inputs:
        return []
    try:
        return list(encode(list(inputs)))
    except EncoderFault as error:
        if len(inputs) == 1:
            return [Unreadable(fault=Fault.ENCODER_FAULT, detail=str(error))]
        found = [row for each in inputs for row in encode_each(encode, [each])]
        if all(isinstance(row, Unreadable) for row in found):
            raise
        return found
