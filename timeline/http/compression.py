"""Compression of JSON answers, for clients that take it. Pure.

Starlette's GZipMiddleware takes ten times as long for a page (window and tables for whole files), and compresses for
clients that refuse gzip by `q=0`.
"""

import re
import zlib
from functools import lru_cache

LEAST_BYTES = 1_000  # a smaller answer fits into one packet as it is
# A page is a few kilobytes: a window of 4 KB and small tables save as much, in a tenth of the time that it takes to
# clear the usual ones. Level 1: higher ones save another 2 % of a page.
_LEVEL, _WINDOW_BITS, _MEMORY_LEVEL = 1, 12, 5
_GZIP = 16  # added to the window's bits: zlib writes gzip's head and check sum
_LONGEST = 200  # bytes of an Accept-Encoding that is looked at; browsers send 23
_CODING = re.compile(rb"\s*([A-Za-z0-9*_-]+)\s*(?:;\s*[qQ]\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")


@lru_cache(64)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether a client takes gzip, by its Accept-Encoding (RFC 9110, 12.5.3); not if that cannot be read."""
    if len(accept_encoding) > _LONGEST:
        return False
    weights: dict[bytes, float] = {}
    for part in accept_encoding.split(b",") if accept_encoding else ():
        coding = _CODING.fullmatch(part)
        if coding is None:
            return False
        weights[coding[1].lower()] = float(coding[2] or 1)
    return weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0))) > 0


def compress(body: bytes) -> bytes:
    """The body in gzip."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP + _WINDOW_BITS, _MEMORY_LEVEL)
    return packer.compress(body) + packer.flush()
