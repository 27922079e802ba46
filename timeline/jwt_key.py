"""Checks WARMLINE_JWT_KEY at the start, so that a wrong key is not first noticed by users. Pure.

A public key has several lines, which environment files, orchestrators' secrets and quotes often break; the usual damage
is repaired. No message contains any part of a key.
"""

import re
import textwrap
from importlib import import_module

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_WRONG_KINDS = {
    "PRIVATE KEY": "a private key; give its public key, as `openssl pkey -in FILE -pubout` prints it",
    "CERTIFICATE": "a certificate; give its public key, as `openssl x509 -in FILE -noout -pubkey` prints it",
}
_EXPECTED = {
    "RS256": "an RSA public key in PEM",
    "ES256": "an EC public key of the curve P-256 in PEM",
    "EdDSA": "an Ed25519 public key in PEM",
}


def with_line_breaks(key: str) -> str:
    """The key with real line breaks, if it is in PEM and lost them (`\\n` as two characters, or all on one line)."""
    if "-----BEGIN" not in key:
        return key
    text = key.strip().strip("'\"").replace("\\r", "").replace("\\n", "\n")
    match = _PEM.search(text)
    if match is None or ("\\n" not in key and "\n" in match[2]):
        return key
    body = "\n".join(textwrap.wrap("".join(match[2].split()), 64))
    return f"-----BEGIN {match[1]}-----\n{body}\n-----END {match[1]}-----\n"


def fault(key: str, algorithm: str) -> str | None:
    """Why a key cannot verify JWTs of an algorithm: got and expected, in one line; None if it can."""
    if algorithm.startswith("HS"):
        return _fault_of_secret(key, algorithm)
    labels = [match[1] for match in _PEM.finditer(key)]
    for kind, advice in _WRONG_KINDS.items():
        if any(label.endswith(kind) for label in labels):
            return f"got {advice}"
    if _is_public(key, algorithm):
        return None
    return f"got something else, expected {_EXPECTED[algorithm]} for WARMLINE_JWT_ALGORITHM={algorithm}"


def may_be_secret(key: str) -> bool:
    """Whether a key may be a shared secret: not blank, and not in a format of key pairs, whose public half is known."""
    return bool(key.strip()) and not _is_of_key_pair(key)


def _is_of_key_pair(key: str) -> bool:
    return "-----BEGIN" in key or key.startswith(("ssh-", "ecdsa-")) or '"kty"' in key


def _fault_of_secret(key: str, algorithm: str) -> str | None:
    if _is_of_key_pair(key):
        return (
            f"got a key in PEM, SSH or JWK format, expected a random secret for {algorithm};"
            " for a public key set WARMLINE_JWT_ALGORITHM to RS256, ES256 or EdDSA"
        )
    return None if key.strip() else f"got only blanks, expected a random secret for {algorithm}"


def _is_public(key: str, algorithm: str) -> bool:
    # Imported here: a shared secret needs no cryptography, which is a tenth of all imports.
    try:
        prepared = import_module("jwt").get_algorithm_by_name(algorithm).prepare_key(key)
    except Exception:  # for an invalid key the parsers raise a dozen kinds of errors
        return False
    return hasattr(prepared, "verify")
