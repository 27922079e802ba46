"""Authorization: the operator's token, the backend's key, and JWTs of phones, all as bearer tokens."""

import hashlib
import hmac
import time
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from typing import Any

from fastapi import Request
from pydantic import SecretStr

from timeline.http.problems import Problem
from timeline.settings import TimelineSettings

# How far `iat` and `nbf` of a JWT may be ahead of our clock: its signer has another one (promise 11). RFC 7519 allows
# a few minutes. `exp` has no leeway: the phone renews an old token at no cost.
JWT_LEEWAY = timedelta(seconds=60)
MAX_TOKEN = 4096  # characters of a bearer token
MAX_VERIFIED = 20_000  # remembered JWTs, some 6 MB; verifying one costs as much as half a page


class Authorizer:
    """Admits or refuses requests by the settings, and remembers verified JWTs until they expire."""

    def __init__(self, settings: TimelineSettings) -> None:
        self.settings = settings
        self._admin_token, self._api_key = _bytes_of(settings.admin_token), _bytes_of(settings.api_key)
        self._verified: OrderedDict[bytes, tuple[str, int]] = OrderedDict()  # digest of a JWT → its `sub` and `exp`

    def admit_operator(self, request: Request) -> None:
        """Admit the operator, or raise the problem."""
        if not _matches(self._admin_token, _bearer(request)):
            raise _missing("the admin token")

    def admit_backend(self, request: Request) -> None:
        """Admit the app's backend, or raise the problem."""
        if not self.is_backend(authorization_of(request)):
            raise _missing("the API key")

    def admit_backend_reader(self, request: Request) -> None:
        """The same for a read of what is nobody's; in `dev`, admit everyone."""
        if self.settings.env != "dev":
            self.admit_backend(request)

    def is_backend(self, authorization: str) -> bool:
        """Whether a header is that of the app's backend."""
        return _matches(self._api_key, _token_of(authorization))

    def admit_writer(self, request: Request) -> str | None:
        """Admit the backend, or some user's JWT where these may write; returns that user, None for the backend.

        Whose the written is must be compared with the user that is returned.
        """
        token = _bearer(request)
        if _matches(self._api_key, token):
            return None
        if not self.settings.jwt_writes:
            raise _missing("the API key")
        if not token:
            raise _missing("the API key, or the user's JWT,")
        return self._user_of(token)

    def admit_reader(self, authorization: str, user_id: str) -> None:
        """Admit the backend, or the phone of this user, by their header; in `dev`, everyone."""
        if self.settings.env == "dev":
            return
        token = _token_of(authorization)
        if _matches(self._api_key, token):
            return
        if self._user_of(token) != user_id:
            raise Problem(403, "another-user", "the token's `sub` is not the user that this page is for")

    def reader_of(self, authorization: str, user_id: str | None) -> str | None:
        """Whose rules hold for a reader: a phone's own user's, else those of the user that the backend names, if any.

        In `dev` everyone may name a user; whoever names none is taken for the `sub` of their JWT, if it is valid.
        """
        if self.is_backend(authorization):
            return user_id
        token = _token_of(authorization)
        if self.settings.env == "dev":
            if user_id is None and token and self.settings.jwt_key is not None:
                with suppress(Problem):
                    return self._user_of(token)
            return user_id
        user = self._user_of(token)
        if user_id not in (None, user):
            raise Problem(403, "another-user", "the token's `sub` is not the user that the request names")
        return user

    def admit_some_reader(self, request: Request) -> None:
        """Admit everyone who may read some timeline; which one is requested is not known yet."""
        token = _bearer(request)
        if self.settings.env != "dev" and not _matches(self._api_key, token):
            self._user_of(token)

    def _user_of(self, token: str) -> str:
        key = self.settings.jwt_key
        if key is None or not token:
            raise _missing("a JWT")
        digest = hashlib.blake2b(token.encode(), digest_size=32).digest()
        user, expires = self._verified.get(digest, ("", 0))
        if time.time() < expires:
            self._verified.move_to_end(digest)
            return user
        claims = self._claims_of(token, key)
        self._verified[digest] = str(claims["sub"]), int(claims["exp"])
        if len(self._verified) > MAX_VERIFIED:
            self._verified.popitem(last=False)
        return str(claims["sub"])

    def users(self) -> set[str]:
        """The users of the remembered tokens."""
        return {user for user, _ in self._verified.values()}

    def forget(self, user_id: str) -> None:
        """Forget all tokens of a user; the next one is verified again."""
        for digest in [digest for digest, (user, _) in self._verified.items() if user == user_id]:
            del self._verified[digest]

    def _claims_of(self, token: str, key: SecretStr) -> dict[str, Any]:
        jwt = jwt_library()
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.get_secret_value(),
                algorithms=[self.settings.jwt_algorithm],
                leeway=JWT_LEEWAY,
                # Many providers set an audience and token ids of any type; only `sub` matters here.
                options={"require": ["exp", "sub"], "verify_aud": False, "verify_jti": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise _expired() from error
        except jwt.PyJWTError as error:
            raise _refused(_reason(error, self.settings.jwt_algorithm)) from error
        if int(claims["exp"]) <= time.time():
            raise _expired()
        return claims


def jwt_library() -> Any:
    """PyJWT, imported late: its cryptography is a tenth of all imports, and the first pages need not wait for it."""
    return import_module("jwt")


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _refused(reason: str) -> Problem:
    return Problem(401, "unauthorized", f"the token is refused: {reason}", _CHALLENGE)


def _expired() -> Problem:
    return Problem(401, "token-expired", "the JWT has expired (its `exp` has passed); get a new one", _CHALLENGE)


def _reason(error: Exception, algorithm: str) -> str:
    """Which claim or part of a JWT is wrong and why, from PyJWT's error; without any part of the token."""
    jwt = jwt_library().exceptions
    claim = next((name for name in ("iat", "nbf", "exp") if f"({name})" in str(error)), None)
    match error:
        case jwt.MissingRequiredClaimError():
            return f"it has no `{error.claim}`"
        case jwt.InvalidSubjectError():
            return "its `sub` is not a text; write the user's id as a string"
        case jwt.ImmatureSignatureError():
            return f"its `{claim}` lies more than {JWT_LEEWAY.total_seconds():.0f} s ahead of this server's clock"
        case _ if claim is not None:
            return f"its `{claim}` is not a number of seconds since 1970"
        case jwt.InvalidAlgorithmError():
            return f"its `alg` is not {algorithm}, the one that this server takes (WARMLINE_JWT_ALGORITHM)"
        case jwt.InvalidSignatureError():
            return "its signature does not fit this server's key (WARMLINE_JWT_KEY)"
        case _:
            return "it is neither the API key nor a JWT of three parts in base64url"


def _missing(wanted: str) -> Problem:
    return Problem(401, "unauthorized", f"send {wanted} as `Authorization: Bearer …`", _CHALLENGE)


def _bearer(request: Request) -> str:
    return _token_of(authorization_of(request))


def authorization_of(request: Request) -> str:
    """The `Authorization` header, or an empty text."""
    return request.headers.get("authorization", "")


def _token_of(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return ""
    if len(token) > MAX_TOKEN:
        raise _refused(f"it has {len(token):,} characters, at most {MAX_TOKEN:,} are looked at; put fewer claims in it")
    return token.strip()


def _bytes_of(secret: SecretStr | None) -> bytes | None:
    return None if secret is None else secret.get_secret_value().encode()


def _matches(secret: bytes | None, token: str) -> bool:
    return secret is not None and hmac.compare_digest(secret, token.encode())
