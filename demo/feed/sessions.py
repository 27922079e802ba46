"""Gives the page a short-lived JWT of one user, and reads whose it is: the place of your app's login."""

import time
from dataclasses import dataclass

import jwt

from demo.feed.settings import FeedSettings

SESSION_SECONDS = 600  # a leaked token is worth little, and the page gets a new one before it ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A user's JWT and when it ends, in seconds since 1970."""

    user_id: str
    token: str
    expires_at: int


def open_session(settings: FeedSettings, user_id: str, *, now: float | None = None) -> Session | None:
    """A session of one of the users as whom the page may be used; None for anybody else."""
    if user_id not in {user.user_id for user in settings.users}:
        return None
    issued = int(time.time() if now is None else now)
    expires_at = issued + SESSION_SECONDS
    claims = {"sub": user_id, "iat": issued, "exp": expires_at}
    token = jwt.encode(claims, settings.jwt_key, algorithm=settings.jwt_algorithm)
    return Session(user_id=user_id, token=token, expires_at=expires_at)


def user_of(settings: FeedSettings, authorization: str) -> str | None:
    """The user of a bearer token; None if it is none of ours, or has ended."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    options = {"require": ["exp", "sub"]}
    try:
        claims = jwt.decode(token, settings.jwt_key, algorithms=[settings.jwt_algorithm], options=options)  # type: ignore[arg-type]
    except jwt.PyJWTError:
        return None
    return str(claims["sub"])
