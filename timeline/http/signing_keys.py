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

    Without WARMLINE_SIGNING_KEY the API key stands in. Where nothing secret is set (`dev`), each process makes a key
    of its own: no other one can go on with its cursors, and nobody can forge them.
    """
    secret = settings.signing_key or settings.api_key or settings.admin_token
    return SigningKeys(
        current=_derived(secret, _PURPOSE) if secret else secrets.token_bytes(32),
        also_accepted=tuple(
            _derived(other, purpose)
            for other, purpose in (
                (settings.signing_key_other, _PURPOSE),
                (_secret_before(settings), _PURPOSE_BEFORE),
            )
            if other is not None
        ),
    )


def _secret_before(settings: TimelineSettings) -> SecretStr | None:
    """What earlier versions signed with, where that was a secret: their cursors stay good through the upgrade."""
    if settings.jwt_key is not None:
        return settings.jwt_key if settings.jwt_algorithm.startswith("HS") else None
    return settings.api_key or settings.admin_token


def _derived(secret: SecretStr, purpose: bytes) -> bytes:
    return hmac.digest(secret.get_secret_value().encode(), purpose, "sha256")
