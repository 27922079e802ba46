"""JWTs and their keys: a refusal names the claim and the reason, small clock differences do not matter, keys are
accepted or refused at the start."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from shared.errors import ConfigurationError
from shared.settings import load_settings
from timeline.http.auth import JWT_LEEWAY, Authorizer
from timeline.http.problems import Problem
from timeline.settings import TimelineSettings

SECRET = "jwt-key-of-the-tests-" + "k" * 32
PRIVATE: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def _public(algorithm: str) -> str:
    key = PRIVATE[algorithm].public_key()
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def _private(algorithm: str, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return str(PRIVATE[algorithm].private_bytes(Encoding.PEM, form, NoEncryption()).decode())


def _certificate() -> str:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, PRIVATE["RS256"].public_key(), 1, now, now)
    return made.sign(PRIVATE["RS256"], hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _authorizer(key: str = SECRET, algorithm: str = "HS256") -> Authorizer:
    given = {"admin_token": "admin-token-of-the-tests", "api_key": "api-key-of-the-tests"}
    return Authorizer(load_settings(TimelineSettings, **given, jwt_key=key, jwt_algorithm=algorithm))


def _token(key: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    wanted = {"sub": "ann", "exp": int(time.time()) + 600} | claims
    given = {name: value for name, value in wanted.items() if value is not None}
    return jwt.api_jws.encode(json.dumps(given).encode(), key, algorithm)  # unlike jwt.encode it lets all claims pass


def _refusal(token: str, user: str = "ann") -> tuple[int, str, str]:
    with pytest.raises(Problem) as refused:
        _authorizer().admit_reader(f"Bearer {token}", user)
    problem = refused.value
    assert not any(part and part in problem.detail for part in (SECRET, *token.split("."), "ann", "bob"))
    return problem.status, problem.slug, problem.detail


# --- claims -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": None}, "it has no `exp`"),
        ({"sub": None}, "it has no `sub`"),
        ({"sub": 17}, "its `sub` is not a text"),
        ({"sub": ["ann"]}, "its `sub` is not a text"),
        ({"exp": "soon"}, "its `exp` is not a number of seconds"),
        ({"exp": [1]}, "its `exp` is not a number of seconds"),
        ({"exp": float("inf")}, "its `exp` is not a number of seconds"),
        ({"nbf": {}}, "its `nbf` is not a number of seconds"),
        ({"iat": "today"}, "its `iat` is not a number of seconds"),
        ({"nbf": int(time.time()) + 86_400}, "its `nbf` lies more than 60 s ahead"),
        ({"iat": int(time.time()) + 86_400}, "its `iat` lies more than 60 s ahead"),
        ({"iat": int(time.time() * 1000)}, "its `iat` lies more than 60 s ahead"),  # milliseconds, as JavaScript counts
    ],
)
def test_a_refusal_names_the_claim_and_says_why(claims: dict[str, Any], said: str) -> None:
    status, slug, detail = _refusal(_token(**claims))
    assert (status, slug) == (401, "unauthorized")
    assert said in detail


def test_an_expired_token_is_called_expired() -> None:
    status, slug, detail = _refusal(_token(exp=int(time.time()) - 1))
    assert (status, slug) == (401, "token-expired")
    assert "`exp`" in detail


def test_a_token_of_another_user_is_called_so() -> None:
    assert _refusal(_token(), "bob")[:2] == (403, "another-user")


@pytest.mark.parametrize(
    ("token", "said"),
    [
        pytest.param(_token("another-key-" + "z" * 32), "its signature does not fit", id="wrong key"),
        pytest.param(_token()[:-3], "its signature does not fit", id="cut"),
        pytest.param(_token(SECRET * 2, "HS512"), "its `alg` is not HS256", id="wrong algorithm"),
        pytest.param(_token(PRIVATE["RS256"], "RS256"), "its `alg` is not HS256", id="asymmetric"),
        pytest.param("aaaa.bbbb.cccc", "neither the API key nor a JWT", id="no JWT"),
        pytest.param("api-key-of-another", "neither the API key nor a JWT", id="wrong API key"),
        pytest.param(base64.b64encode(b"[" * 2900).decode() + ".e30.e30", "neither", id="deep header"),
        pytest.param(jwt.api_jws.encode(b"[" * 2000, SECRET, "HS256"), "neither", id="deep body"),
        pytest.param(jwt.api_jws.encode(b"[]", SECRET, "HS256"), "neither", id="body is no object"),
    ],
)
def test_a_refusal_says_what_else_is_wrong(token: str, said: str) -> None:
    status, slug, detail = _refusal(token)
    assert (status, slug) == (401, "unauthorized")
    assert said in detail


def test_without_a_token_the_answer_says_what_to_send() -> None:
    assert "as `Authorization: Bearer …`" in _refusal("")[2]


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize("ahead", [0, 3, JWT_LEEWAY.total_seconds() - 5])
def test_a_signers_clock_may_be_a_little_ahead(claim: str, ahead: float) -> None:
    claims: dict[str, Any] = {claim: int(time.time() + ahead)}
    _authorizer().admit_reader(f"Bearer {_token(**claims)}", "ann")


@pytest.mark.parametrize("more", [{"jti": 17}, {"aud": ["app"]}, {"iss": "https://id.example"}, {"exp": 4e9}])
def test_claims_for_other_servers_do_not_matter(more: dict[str, Any]) -> None:
    _authorizer().admit_reader(f"Bearer {_token(**more)}", "ann")


# --- keys -------------------------------------------------------------------------------------------------------------

WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": lambda pem: pem,
    "without the last line break": str.strip,
    "line breaks of Windows": lambda pem: pem.replace("\n", "\r\n"),
    r"literal \n": lambda pem: pem.replace("\n", r"\n"),
    r"literal \r\n": lambda pem: pem.replace("\n", r"\r\n"),
    r"literal \n in quotes": lambda pem: '"' + pem.replace("\n", r"\n") + '"',
    "one line with blanks": lambda pem: pem.strip().replace("\n", " "),
    "one line": lambda pem: pem.strip().replace("\n", ""),
}


@pytest.mark.parametrize("algorithm", PRIVATE)
@pytest.mark.parametrize("written", WRITTEN)
def test_a_public_key_is_accepted_with_damaged_line_breaks(algorithm: str, written: str) -> None:
    authorizer = _authorizer(WRITTEN[written](_public(algorithm)), algorithm)
    authorizer.admit_reader(f"Bearer {_token(PRIVATE[algorithm], algorithm)}", "ann")


def test_a_valid_key_is_not_changed() -> None:
    """Cursors are signed with a key that is derived from it."""
    for key in (_public("RS256"), _public("EdDSA"), _public("ES256").replace("\n", "\r\n"), SECRET, f" {SECRET}\n"):
        algorithm = next((name for name in PRIVATE if _public(name)[:60] == key.replace("\r", "")[:60]), "HS256")
        kept = _authorizer(key, algorithm).settings.jwt_key
        assert kept is not None
        assert kept.get_secret_value() == key


@pytest.mark.parametrize(
    ("key", "algorithm", "said"),
    [
        pytest.param(_private("RS256"), "RS256", "got a private key", id="private"),
        pytest.param(
            _private("RS256", PrivateFormat.TraditionalOpenSSL), "RS256", "got a private key", id="old private"
        ),
        pytest.param(_private("ES256"), "ES256", "got a private key", id="private EC"),
        pytest.param(_private("EdDSA").replace("\n", r"\n"), "EdDSA", "got a private key", id=r"private, literal \n"),
        pytest.param(_certificate(), "RS256", "got a certificate", id="certificate"),
        pytest.param(_public("ES256"), "RS256", "expected an RSA public key", id="EC for RS256"),
        pytest.param(_public("RS256"), "ES256", "expected an EC public key", id="RSA for ES256"),
        pytest.param(_public("RS256"), "EdDSA", "expected an Ed25519 public key", id="RSA for EdDSA"),
        pytest.param(_public("RS256")[:200], "RS256", "expected an RSA public key", id="cut"),
        pytest.param(_public("RS256")[:200] + "\n-----END PUBLIC KEY-----", "RS256", "expected an RSA", id="damaged"),
        pytest.param(SECRET, "RS256", "expected an RSA public key", id="a secret"),
        pytest.param(SECRET, "ES256", "expected an EC public key", id="a secret for ES256"),
        pytest.param(SECRET, "EdDSA", "expected an Ed25519 public key", id="a secret for EdDSA"),
        pytest.param("/run/secrets/the-public-key-of-our-app.pem", "RS256", "expected an RSA public key", id="a path"),
        pytest.param('{"kty": "RSA", "n": "abc", "e": "AQAB", "use": "sig"}', "RS256", "expected an RSA", id="JWK"),
        pytest.param(_public("RS256"), "HS256", "set WARMLINE_JWT_ALGORITHM", id="public for HS256"),
        pytest.param(_private("ES256"), "HS512", "set WARMLINE_JWT_ALGORITHM", id="private for HS512"),
        pytest.param('{"kty": "oct", "k": "abcdefghijklmnopqrstuvwxyz"}', "HS256", "random secret", id="oct JWK"),
        pytest.param(" " * 40, "HS256", "got only blanks", id="blanks"),
        pytest.param("short", "HS256", "at least 32", id="short"),
        pytest.param("-----BEGIN PUBLIC KEY-----", "RS256", "at least 32", id="head alone"),
        pytest.param("-----BEGIN PUBLIC KEY-----" * 9, "RS256", "expected an RSA public key", id="heads"),
    ],
)
def test_a_wrong_key_is_refused_at_the_start_with_one_line_without_the_key(key: str, algorithm: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _authorizer(key, algorithm)
    message = str(refused.value)
    assert message.startswith("WARMLINE_JWT_KEY: ")
    assert said in message
    assert "\n" not in message
    assert not any(line and line in message for line in key.strip().split("\n") if not line.startswith("-----"))


def test_the_refusal_of_a_long_token_names_the_bound() -> None:
    status, _, detail = _refusal(_token(groups="g" * 4000))
    assert (status, "at most 4,096 are looked at" in detail) == (401, True)
