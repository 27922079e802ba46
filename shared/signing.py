"""Signs with keyed BLAKE2b, and encodes bytes for URLs. Pure."""

import binascii
import hashlib
import hmac
from dataclasses import dataclass

MAC_BYTES = 12
_FOR_ADDRESSES = bytes.maketrans(b"+/", b"-_")
_FROM_ADDRESSES = bytes.maketrans(b"-_", b"+/")


def mac(key: bytes, message: bytes) -> bytes:
    """A message authentication code (RFC 7693): BLAKE2b takes a key, so no HMAC is needed.

    Args:
        key: up to 64 bytes.
        message: what is signed.
    """
    return hashlib.blake2b(message, digest_size=MAC_BYTES, key=key).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """The key that signs, and others whose signatures are accepted too; all are secret."""

    current: bytes
    also_accepted: tuple[bytes, ...] = ()

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""
        return mac(self.current, message)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether one of the keys made this signature of this message."""
        return any(hmac.compare_digest(signature, mac(key, message)) for key in (self.current, *self.also_accepted))


def encode_base64url(raw: bytes) -> str:
    """Base64 for URLs without padding, as `base64.urlsafe_b64encode` returns it, in a third of its time."""
    return binascii.b2a_base64(raw, newline=False).translate(_FOR_ADDRESSES, b"=").decode()


def decode_base64url(text: str) -> bytes:
    """The bytes that `encode_base64url` encoded.

    Other texts may decode to the same bytes: to be sure, encode the result again and compare.

    Raises:
        ValueError: the text is no base64.
    """
    return binascii.a2b_base64(text.encode("ascii").translate(_FROM_ADDRESSES) + b"=" * (-len(text) % 4))
