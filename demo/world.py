"""The demo's world: the four relations as columns, the users that are shown, and the ids."""

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
    """The relation `posts`; `genres` is for the card, and no column. `image_url` is relative to .warmline."""

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
    """The users that the demo shows. Both authors have popular posts, which `warm_user` must not see:

    `warm_user` blocks `blocked_author`, and `blocking_author` blocks `warm_user`. Checks that scroll far use the spare
    users instead: seen posts do not come back, and the shown users should keep their best posts.
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
    """The four relations, and the users that the demo shows."""

    users: Users
    posts: Posts
    interactions: Interactions
    blocks: Blocks
    cast: DemoUsers


def id_of(kind: str, number: int) -> str:
    """The UUID of a kind and number: `user` (in MovieLens), `author`, `newcomer` or `post` (of a film)."""
    return str(uuid5(_NAMES, f"{kind}:{number}"))


def image_url_of(post_id: str) -> str:
    """The path of a post's card, relative to the demo's folder."""
    return f"media/{post_id}.jpg"
