"""What WARMLINE_JWT_KEY may be: understood or refused at the start, never found out by users. Pure.

A public key of several lines goes through environment files, secrets of orchestrators and quotes before it is here, so
the usual ways in which its line breaks suffer are mended. No message quotes anything of a key.
"""

import re
import textwrap
from importlib import import_module

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_OPENSSL = {
    "PRIVATE KEY": "a private key; give its public key, as `openssl pkey -in FILE -pubout` prints it",
    "CERTIFICATE": "a certificate; give its public key, as `openssl x509 -in FILE -noout -pubkey` prints it",
}
_WANTED = {
    "RS256": "an RSA public key in PEM",
    "ES256": "an EC public key of the curve P-256 in PEM",
    "EdDSA": "an Ed25519 public key in PEM",
}


def with_line_breaks(key: str) -> str:
    """The key with real line breaks, if it is in PEM and lost them (`\\n` as two characters, or all on one line)."""
    if "-----BEGIN" not in key:
        return key
    text = key.strip().strip("'\"").replace("\\r", "").replace("\\n", "\n")
    found = _PEM.search(text)
    if found is None or ("\\n" not in key and "\n" in found[2]):
        return key
    body = "\n".join(textwrap.wrap("".join(found[2].split()), 64))
    return f"-----BEGIN {found[1]}-----\n{body}\n-----END {found[1]}-----\n"


def fault(key: str, algorithm: str) -> str | None:
    """Why a mended key cannot verify JWTs of an algorithm: got and expected, in one line; None when it can."""
    if algorithm.startswith("HS"):
        return _fault_of_secret(key, algorithm)
    labels = [found[1] for found in _PEM.finditer(key)]
    for kind, said in _OPENSSL.items():
        if any(label.endswith(kind) for label in labels):
            return f"got {said}"
    if _is_public(key, algorithm):
        return None
    return f"got something else, expected {_WANTED[algorithm]} for WARMLINE_JWT_ALGORITHM={algorithm}"


def may_be_secret(key: str) -> bool:
    """Whether a key is neither blank nor written as key pairs are, whose public half anybody may have."""
    return bool(key.strip()) and not _is_of_a_pair(key)


def _is_of_a_pair(key: str) -> bool:
    return "-----BEGIN" in key or key.startswith(("ssh-", "ecdsa-")) or '"kty"' in key


def _fault_of_secret(key: str, algorithm: str) -> str | None:
    if _is_of_a_pair(key):
        return (
            f"got a key in PEM, SSH or JWK format, expected a random secret for {algorithm};"
            " for a public key set WARMLINE_JWT_ALGORITHM to RS256, ES256 or EdDSA"
        )
    return None if key.strip() else f"got only blanks, expected a random secret for {algorithm}"


def _is_public(key: str, algorithm: str) -> bool:
    # Imported here: a start with a shared secret does without the cryptography, which is a tenth of all imports.
    try:
        prepared = import_module("jwt").get_algorithm_by_name(algorithm).prepare_key(key)
    except Exception:  # what the parsers raise for nonsense is a matter of theirs: a dozen kinds of error
        return False
    return hasattr(prepared, "verify")
