"""Which keys sign cursors and feed ids: all derived from a secret, none from a public key.

Every process with the same settings has the same keys, so that any of them goes on with what another one gave out.
"""

import hmac
import secrets

from pydantic import SecretStr

from shared.signing import SigningKeys
from timeline.settings import TimelineSettings

_PURPOSE = b"warmline signing"
_PURPOSE_BEFORE = b"warmline cursor"  # of versions that derived the key from WARMLINE_JWT_KEY, public or not


def signing_keys(settings: TimelineSettings) -> SigningKeys:
    """The key that signs, and those whose cursors and feed ids are good as well.

    Without WARMLINE_SIGNING_KEY it signs as earlier versions did, where that was with a secret, so that they may run
    beside this one; where it was with a public key, the API key stands in. Where nothing secret is set (`dev`), each
    process makes a key of its own: no other one can go on with its cursors, and nobody can forge them.
    """
    before = _key_before(settings)
    if settings.signing_key is not None:
        current = _derived(settings.signing_key, _PURPOSE)
    elif before is not None:
        current = before
    else:
        current = _derived(settings.api_key, _PURPOSE) if settings.api_key else secrets.token_bytes(32)
    other = settings.signing_key_other
    accepted = (_derived(other, _PURPOSE) if other else None, before)
    return SigningKeys(current=current, also_accepted=tuple(key for key in accepted if key not in (None, current)))


def _key_before(settings: TimelineSettings) -> bytes | None:
    """What earlier versions signed with, where they derived it from a secret."""
    if settings.jwt_key is not None:
        secret = settings.jwt_key if settings.jwt_algorithm.startswith("HS") else None
    else:
        secret = settings.api_key or settings.admin_token
    return None if secret is None else _derived(secret, _PURPOSE_BEFORE)


def _derived(secret: SecretStr, purpose: bytes) -> bytes:
    return hmac.digest(secret.get_secret_value().encode(), purpose, "sha256")
