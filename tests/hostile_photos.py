"""Photos made to cost time, memory or log lines: all are small files that a decoder accepts."""

import io
import struct
import zlib

from PIL import Image

PNG_START = b"\x89PNG\r\n\x1a\n"
MADE_UP = b"teSt"  # a chunk that no decoder knows, and may skip
TAGS = 20_000  # a tag's number has 16 bits
BEYOND_FILE = 100_000_000  # bytes that a tag claims to have


def png(before: bytes = b"", after: bytes = b"") -> bytes:
    """A white square of 40 pixels, with chunks before and after its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * 120) * 40))
    return PNG_START + header + before + pixels + after + chunk(b"IEND")


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """A PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def many_exif_tags() -> bytes:
    """Each tag claims more bytes than the file has, and Pillow warns of each in different words."""
    tags = b"".join(struct.pack("<HHII", 256 + n, 2, BEYOND_FILE, 8) for n in range(TAGS))
    return png(before=chunk(b"eXIf", b"II*\0" + struct.pack("<IH", 8, TAGS) + tags + bytes(4)))


def many_chunks(n: int = 1_500_000) -> bytes:
    """Empty chunks before the pixels."""
    return png(before=chunk(MADE_UP) * n)


def many_chunks_behind(n: int = 1_500_000) -> bytes:
    """Empty chunks behind the pixels, which are read after these."""
    return png(after=chunk(MADE_UP) * n)


def many_comments(n: int = 4_900_000) -> bytes:
    """A JPEG of empty comments, each of four bytes."""
    jpeg = _saved("JPEG")
    return jpeg[:2] + b"\xff\xfe\0\2" * n + jpeg[2:]


def many_extensions(n: int = 3_900_000) -> bytes:
    """A GIF of comments of one letter."""
    gif = _saved("GIF")
    palette = 3 * (2 << (gif[10] & 7)) if gif[10] & 0x80 else 0
    return gif[: 13 + palette] + b"\x21\xfe\x01a\0" * n + gif[13 + palette :]


def many_profiles(n: int = 1_000_000) -> bytes:
    """A JPEG of colour profiles without a profile, which Pillow keeps all."""
    jpeg = _saved("JPEG")
    return jpeg[:2] + (b"\xff\xe2\0\x10ICC_PROFILE\0\1\1") * n + jpeg[2:]


def many_indices(n: int = 2_000_000) -> bytes:
    """A JPEG of empty indices to further pictures (MPF)."""
    jpeg = _saved("JPEG")
    return jpeg[:2] + b"\xff\xe2\0\6MPF\0" * n + jpeg[2:]


def _saved(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("P", (40, 40)).convert("RGB").save(file, kind)
    return file.getvalue()
