"""Cursors and feed ids are signed with a secret, whatever the algorithm of JWTs. Public keys are tried, too."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.db.events import FeedPosition
from shared.errors import ConfigurationError
from shared.ranked_lists.cursor import Cursor, ForgedCursor, sign, verify
from shared.settings import load_settings
from shared.signing import SigningKeys, decode_base64url, encode_base64url, mac
from tests.public_keys import PUBLIC
from timeline.feed.feed_id import parse_feed_id
from timeline.http.auth import Authorizer
from timeline.http.problems import Problem
from timeline.settings import TimelineSettings
from timeline.signing_keys import signing_keys

pytestmark = pytest.mark.usefixtures("no_env_file")

API_KEY, ADMIN_TOKEN = "api-key-of-the-tests", "admin-token-of-the-tests"
SECRET = "jwt-key-of-the-tests-" + "k" * 32
SIGNING_KEY, OTHER = "signing-key-of-the-tests-" + "s" * 32, "another-signing-key-" + "o" * 32
CURSOR = Cursor(slot=2, nonce=b"8 bytes!", position=40)
# What the version before gave to `ann` under these keys: a cursor, one with posts that are not on record, a feed id.
BEFORE = {
    "HS256": (
        "AQI4IGJ5dGVzISgAye_ZPQ4NmZfNO2hx",
        "AgI4IGJ5dGVzISgAAgcAAAAIAAAADIvVEZsUmb8EfoT5",
        "AQEEAAAAFAA4IGJ5dGVzIZhXzagOmPPXk3l6_g",
    ),
    "RS256": (
        "AQI4IGJ5dGVzISgAppJ8wLgT3s94mLfY",
        "AgI4IGJ5dGVzISgAAgcAAAAIAAAALwBvTcnEgdYasZY5",
        "AQEEAAAAFAA4IGJ5dGVzIfsiVI3karsy70aVlg",
    ),
    "ES256": (
        "AQI4IGJ5dGVzISgAtR7Ll_f4u6ccs8Xr",
        "AgI4IGJ5dGVzISgAAgcAAAAIAAAAkVbPv164-nnODVqL",
        "AQEEAAAAFAA4IGJ5dGVzIXirjUHW8f9zYx4bZA",
    ),
    "EdDSA": (
        "AQI4IGJ5dGVzISgAsGT3E8o8_-LVQyfm",
        "AgI4IGJ5dGVzISgAAgcAAAAIAAAAeal61_WOIrbEJofl",
        "AQEEAAAAFAA4IGJ5dGVzIebD72aAsOilH0hAfg",
    ),
}
FROM_DEV_WITHOUT_SECRETS = "AQI4IGJ5dGVzISgAMFKypPv8REkXHlxv"
CLOSED = {"admin_token": ADMIN_TOKEN, "api_key": API_KEY}


def _settings(algorithm: str = "HS256", **given: Any) -> TimelineSettings:
    key = PUBLIC.get(algorithm, SECRET)
    return load_settings(TimelineSettings, **(CLOSED | {"jwt_key": key, "jwt_algorithm": algorithm} | given))


def _keys(algorithm: str = "HS256", **given: Any) -> SigningKeys:
    return signing_keys(_settings(algorithm, **given))


def _cursor_of(keys: SigningKeys, user: str = "ann") -> str:
    return sign(CURSOR, user_id=user, keys=keys)


def _is_good(text: str, keys: SigningKeys, user: str = "ann") -> bool:
    try:
        return verify(text, user_id=user, keys=keys) == CURSOR
    except ForgedCursor:
        return False


# --- through the upgrade ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("signing_key", [None, SIGNING_KEY])
def test_signatures_of_the_previous_version_with_a_secret_are_accepted(algorithm: str, signing_key: str | None) -> None:
    keys = _keys(algorithm, signing_key=signing_key)
    cursor, unrecorded, feed = BEFORE["HS256"]
    assert _is_good(cursor, keys)
    assert verify(unrecorded, user_id="ann", keys=keys).unrecorded == (7, 8)
    assert parse_feed_id(feed, user_id="ann", keys=keys) == FeedPosition(source="neucf", generation=4, position=20)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_previous_version_beside_this_one_accepts_its_cursors(algorithm: str) -> None:
    """Until a signing key is set, signatures are byte for byte those of that version."""
    assert _cursor_of(_keys(algorithm)) == BEFORE["HS256"][0]


@pytest.mark.parametrize("algorithm", PUBLIC)
@pytest.mark.parametrize("signing_key", [None, SIGNING_KEY])
def test_signatures_of_the_previous_version_with_a_public_key_are_refused(
    algorithm: str, signing_key: str | None
) -> None:
    keys = _keys(algorithm, signing_key=signing_key)
    cursor, unrecorded, feed = BEFORE[algorithm]
    for text in (cursor, unrecorded):
        with pytest.raises(ForgedCursor):
            verify(text, user_id="ann", keys=keys)
    assert parse_feed_id(feed, user_id="ann", keys=keys) is None


def test_signatures_without_a_secret_are_refused_in_dev() -> None:
    assert not _is_good(FROM_DEV_WITHOUT_SECRETS, signing_keys(load_settings(TimelineSettings, env="dev")))


def test_earlier_cursors_of_the_api_key_are_accepted_in_dev_without_a_jwt_key() -> None:
    before = hmac.digest(API_KEY.encode(), b"warmline cursor", "sha256")
    keys = signing_keys(load_settings(TimelineSettings, env="dev", api_key=API_KEY, signing_key=SIGNING_KEY))
    assert _is_good(_cursor_of(SigningKeys(current=before)), keys)


# --- forged with what is public ---------------------------------------------------------------------------------------


def _public_guesses(pem: str) -> Iterator[bytes]:
    """What a forger with the public key may try to derive a key from."""
    der = base64.b64decode("".join(pem.split("\n")[1:-2]))
    texts = (pem, pem.strip(), pem.replace("\n", "\r\n"), pem.replace("\n", r"\n"), "", "dev", "warmline")
    for secret in (*(text.encode() for text in texts), der, der[-32:]):
        yield secret[:64]
        yield hashlib.sha256(secret).digest()
        for purpose in (b"warmline cursor", b"warmline signing", b"cursor", b""):
            yield hmac.digest(secret, purpose, "sha256")


@pytest.mark.parametrize("algorithm", PUBLIC)
@pytest.mark.parametrize("signing_key", [None, SIGNING_KEY])
def test_no_key_derived_from_a_public_key_signs(algorithm: str, signing_key: str | None) -> None:
    keys = _keys(algorithm, signing_key=signing_key)
    body = decode_base64url(BEFORE[algorithm][2])[:16]
    for guess in _public_guesses(PUBLIC[algorithm]):
        assert not _is_good(_cursor_of(SigningKeys(current=guess)), keys)
        forged = encode_base64url(body + mac(guess, b"feed" + body + b"ann"))
        assert parse_feed_id(forged, user_id="ann", keys=keys) is None


@pytest.mark.parametrize("algorithm", PUBLIC)
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(algorithm: str) -> None:
    authorizer = Authorizer(_settings(algorithm))
    for named in ("HS256", "HS512", "none", algorithm):
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
            for part in ({"alg": named, "typ": "JWT"}, {"sub": "ann", "exp": int(time.time()) + 600})
        )
        hashed = "sha512" if named == "HS512" else "sha256"
        signature = b"" if named == "none" else hmac.digest(PUBLIC[algorithm].encode(), head + b"." + body, hashed)
        token = b".".join((head, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()
        with pytest.raises(Problem) as refused:
            authorizer.admit_reader(f"Bearer {token}", "ann")
        assert refused.value.status == 401


# --- whose, and for what ----------------------------------------------------------------------------------------------


def test_every_process_with_the_same_settings_accepts_a_cursor() -> None:
    for given in ({"signing_key": SIGNING_KEY}, {}):
        assert _is_good(_cursor_of(_keys(**given)), _keys(**given))


def test_a_cursor_of_another_installation_is_refused() -> None:
    assert not _is_good(_cursor_of(_keys(signing_key=OTHER)), _keys(signing_key=SIGNING_KEY))
    assert not _is_good(_cursor_of(_keys(jwt_key="jwt-key-of-others-" + "j" * 32)), _keys())
    assert not _is_good(_cursor_of(_keys("RS256", api_key="api-key-of-others")), _keys("RS256"))


def test_a_cursor_is_no_feed_id_and_a_feed_id_no_cursor_with_the_same_key() -> None:
    keys = _keys()
    feed = BEFORE["HS256"][2]
    assert parse_feed_id(_cursor_of(keys), user_id="ann", keys=keys) is None
    for user in ("ann", "", "feed"):
        assert not _is_good(feed, keys, user)


def test_without_any_secret_each_process_signs_with_its_own_key() -> None:
    one, other = (signing_keys(load_settings(TimelineSettings, env="dev")) for _ in range(2))
    assert _is_good(_cursor_of(one), one)
    assert not _is_good(_cursor_of(one), other)


# --- keys that change -------------------------------------------------------------------------------------------------


def test_during_a_key_change_processes_accept_each_others_cursors() -> None:
    old, both = _keys(signing_key=SIGNING_KEY), _keys(signing_key=SIGNING_KEY, signing_key_other=OTHER)
    changed, new = _keys(signing_key=OTHER, signing_key_other=SIGNING_KEY), _keys(signing_key=OTHER)
    assert all(_is_good(_cursor_of(one), other) for one in (both, changed) for other in (both, changed))
    assert _is_good(_cursor_of(old), both)
    assert _is_good(_cursor_of(changed), new)


def test_signatures_of_a_removed_key_are_refused() -> None:
    assert not _is_good(_cursor_of(_keys(signing_key=SIGNING_KEY)), _keys(signing_key=OTHER))


def test_with_a_signing_key_the_key_derived_from_the_api_key_is_refused() -> None:
    assert not _is_good(_cursor_of(_keys("EdDSA")), _keys("EdDSA", signing_key=SIGNING_KEY))


def test_a_first_signing_key_is_introduced_like_a_key_change() -> None:
    none, known, set_ = _keys(), _keys(signing_key_other=SIGNING_KEY), _keys(signing_key=SIGNING_KEY)
    assert _is_good(_cursor_of(known), none)
    assert all(_is_good(_cursor_of(one), other) for one in (known, set_) for other in (known, set_))


# --- what a signing key may be ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["signing_key", "signing_key_other"])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param("short", "at least 32", id="short"),
        pytest.param(" " * 40, "a random secret", id="blanks"),
        *(pytest.param(pem, "no public key", id=algorithm) for algorithm, pem in PUBLIC.items()),
        pytest.param(PUBLIC["RS256"].replace("\n", r"\n"), "no public key", id="one line"),
        pytest.param("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL4asKmTr0G9VigcE/Ec27/9rp7t4sOE", "no public key", id="ssh"),
        pytest.param('{"kty": "OKP", "crv": "Ed25519", "x": "vhqwqZOvQb1WKBwT"}', "no public key", id="JWK"),
    ],
)
def test_a_signing_key_that_is_no_secret_is_refused_at_the_start(name: str, key: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _settings(**{name: key})
    assert str(refused.value).startswith(f"WARMLINE_{name.upper()}: ")
    assert said in str(refused.value)
    assert key not in str(refused.value)


def test_a_signing_key_equal_to_another_secret_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"^WARMLINE_SIGNING_KEY: got the value of WARMLINE_JWT_KEY"):
        _settings(signing_key=SECRET)


def test_a_blank_signing_key_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_SIGNING_KEY", "")
    assert _keys() == _keys(signing_key=None)
