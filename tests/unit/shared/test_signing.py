"""The short signature is the beginning of what the standard library's HMAC gives."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from shared.signing import MAC_BYTES, mac


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_signature_is_the_beginning_of_hmac_sha256(key: bytes, message: bytes) -> None:
    assert mac(key, message) == hmac.digest(key, message, hashlib.sha256)[:MAC_BYTES]
