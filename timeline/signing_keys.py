"""The keys that sign cursors and feed ids: all derived from a secret, none from a public key.

Processes with the same settings have the same keys, so that each accepts the cursors of the others.
"""

import hmac
import secrets

from pydantic import SecretStr

from shared.signing import SigningKeys
from timeline.settings import TimelineSettings

_PURPOSE = b"warmline signing"
_EARLIER_PURPOSE = b"warmline cursor"  # of versions that derived the key from WARMLINE_JWT_KEY, public or not


def signing_keys(settings: TimelineSettings) -> SigningKeys:
    """The key that signs, and those whose signatures are accepted as well.

    Without WARMLINE_SIGNING_KEY it is the key of earlier versions, if they derived it from a secret: then both can run
    at the same time. If it was a public key, the API key is used. If no secret is set (`dev`), each process makes its
    own random key: no other process accepts its cursors, and nobody can forge them.
    """
    earlier = _earlier_key(settings)
    if settings.signing_key is not None:
        current = _derived(settings.signing_key, _PURPOSE)
    elif earlier is not None:
        current = earlier
    else:
        current = _derived(settings.api_key, _PURPOSE) if settings.api_key else secrets.token_bytes(32)
    other = settings.signing_key_other
    accepted = (_derived(other, _PURPOSE) if other else None, earlier)
    return SigningKeys(current=current, also_accepted=tuple(key for key in accepted if key not in (None, current)))


def _earlier_key(settings: TimelineSettings) -> bytes | None:
    """The key of earlier versions, if they derived it from a secret."""
    if settings.jwt_key is not None:
        secret = settings.jwt_key if settings.jwt_algorithm.startswith("HS") else None
    else:
        secret = settings.api_key or settings.admin_token
    return None if secret is None else _derived(secret, _EARLIER_PURPOSE)


def _derived(secret: SecretStr, purpose: bytes) -> bytes:
    return hmac.digest(secret.get_secret_value().encode(), purpose, "sha256")
