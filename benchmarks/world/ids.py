"""UUIDs of numbered users and posts: the same for the same seed, and spread as random ones are. Pure."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Uint64s = npt.NDArray[np.uint64]

USERS, POSTS = 1, 2  # kinds of numbers: a user and a post of one number have different ids
UUID_BYTES, UUID_LETTERS = 16, 36
_DASHES = (8, 13, 18, 23)
_LETTERS = np.array([index for index in range(UUID_LETTERS) if index not in _DASHES])
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)


def uuids(numbers: npt.NDArray[np.integer], kind: int, seed: int) -> Bytes:
    """The 16 bytes of each number's UUID. -> (n, 16)"""
    start = np.uint64(seed) << np.uint64(40) ^ np.uint64(kind) << np.uint64(36)
    upper = _mixed(numbers.astype(np.uint64) ^ start)
    packed = np.empty((len(numbers), 2), ">u8")
    packed[:, 0], packed[:, 1] = upper, _mixed(upper)
    raw = packed.view(np.uint8).reshape(len(numbers), UUID_BYTES)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40  # version 4
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80  # its variant
    return raw


def texts(raw: Bytes) -> Bytes:
    """The same as PostgreSQL writes them: 36 letters. -> (n, 36)"""
    written = np.full((len(raw), UUID_LETTERS), ord("-"), np.uint8)
    written[:, _LETTERS] = _HEX[raw].reshape(len(raw), 2 * UUID_BYTES)
    return written


def strings(raw: Bytes) -> list[str]:
    """The same as Python's strings."""
    return [text.decode("ascii") for text in texts(raw).view(f"S{UUID_LETTERS}").ravel().tolist()]


def _mixed(numbers: Uint64s) -> Uint64s:
    """SplitMix64's last steps (Steele, Lea and Flood, 2014): one to one, so that no two numbers meet."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
