"""The demo's world: the four relations as columns, who is shown, and the ids that numbers become."""

from dataclasses import dataclass
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

_NAMES = UUID("5d0c1f0e-6a7b-5b1e-9a53-1f4d0b8f2c61")  # any fixed namespace: the same numbers give the same ids

Text = NDArray[np.str_]
Times = NDArray[np.datetime64]  # UTC, milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """The relation `users`: readers, authors and newcomers."""

    id: Text
    created_at: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """The relation `posts`; `genres` is for drawing the card and is no column. `image_url` is relative to .warmline."""

    id: Text
    author_id: Text
    caption: Text
    image_url: Text
    created_at: Times
    genres: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """The relation `interactions`, ordered by time."""

    user_id: Text
    post_id: Text
    kind: Text
    created_at: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The relation `blocks`."""

    user_id: Text
    blocked_user_id: Text
    created_at: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUsers:
    """The users whom the demo shows. The two authors have well-liked posts, which `warm_user` must not see:

    `warm_user` blocks `blocked_author`, and `blocking_author` blocks `warm_user`. The spare users stand in for the
    shown ones in checks, which scroll far: what was seen does not come back, and the shown ones are to keep the best.
    """

    warm_user: str
    cold_user: str
    unknown_user: str
    blocked_author: str
    blocking_author: str
    spare_warm_user: str
    spare_cold_user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWorld:
    """The four relations and the cast."""

    users: Users
    posts: Posts
    interactions: Interactions
    blocks: Blocks
    cast: DemoUsers


def id_of(kind: str, number: int) -> str:
    """The UUID of a numbered thing: `user` (MovieLens's number), `author`, `newcomer` or `post` (the film's number)."""
    return str(uuid5(_NAMES, f"{kind}:{number}"))


def image_url_of(post_id: str) -> str:
    """Where a post's card lies, relative to the demo's folder."""
    return f"media/{post_id}.jpg"
