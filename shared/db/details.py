"""Details of single users and posts, and counts, for the operator; from any home of the relations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shared.db.engine import DatabaseSnapshot
from shared.db.follows import load_follows
from shared.domain import POSITIVE_KINDS

MAX_POSITIVES = 1000  # counting stops there


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDetails:
    """A post for a human reader."""

    caption: str
    author_id: str
    created_at: datetime | None  # None: the view does not say
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDetails:
    """What ranking knows about a user."""

    joined_at: datetime | None  # None: not in the relation
    positives: int  # posts, up to MAX_POSITIVES
    follows: int = 0  # authors, as lists count them


def post_details(snapshot: DatabaseSnapshot, post_ids: Sequence[str]) -> dict[str, PostDetails]:
    """Details of those of these posts that are still in the relation."""
    details: dict[str, PostDetails] = {}
    for connection, name in snapshot.homes("posts"):
        query = sa.text(f"SELECT id, caption, author_id, created_at, deleted_at FROM {name} WHERE id = ANY(:ids)")
        for post_id, caption, author_id, created_at, deleted_at in connection.execute(query, {"ids": list(post_ids)}):
            details[post_id] = PostDetails(
                caption=caption or "", author_id=author_id or "", created_at=created_at, deleted_at=deleted_at
            )
    return details


def user_details(snapshot: DatabaseSnapshot, user_id: str) -> UserDetails:
    """When a user joined, and how many positives they gave."""
    joined_at: datetime | None = None
    for connection, name in snapshot.homes("users"):
        joined_at = connection.scalar(sa.text(f"SELECT created_at FROM {name} WHERE id = :id LIMIT 1"), {"id": user_id})
    liked: set[str] = set()  # a set, since an event may be in the view and have come by the API, too
    kinds = sorted(kind.value for kind in POSITIVE_KINDS)
    for connection, name in snapshot.homes("interactions"):
        query = f"""
            SELECT DISTINCT post_id FROM {name}
            WHERE user_id = :id AND kind = ANY(:kinds) AND post_id IS NOT NULL LIMIT {MAX_POSITIVES}
            """
        liked.update(connection.scalars(sa.text(query), {"id": user_id, "kinds": kinds}))
    follows = len(load_follows(snapshot, [user_id]).get(user_id, ()))
    return UserDetails(joined_at=joined_at, positives=min(len(liked), MAX_POSITIVES), follows=follows)


def count_positives(snapshot: DatabaseSnapshot, *, most: int) -> int:
    """How many likes, comments, saves and shares there are, including repeats; counted up to `most` per home."""
    kinds = sorted(kind.value for kind in POSITIVE_KINDS)
    return _count(snapshot, "interactions", "kind = ANY(:kinds)", most, kinds=kinds)


def count_posts(snapshot: DatabaseSnapshot, *, most: int) -> int:
    """How many posts are not deleted; counted up to `most` per home."""
    return _count(snapshot, "posts", "deleted_at IS NULL", most)


def count_trainable(snapshot: DatabaseSnapshot, *, since: datetime) -> tuple[int, int]:
    """How many users have liked, commented, saved or shared something since a time, and on how many posts.

    Reads all of these events; a user or post with events in two homes counts twice.
    """
    kinds, users, posts = sorted(kind.value for kind in POSITIVE_KINDS), 0, 0
    for connection, name in snapshot.homes("interactions"):
        query = f"""
            SELECT count(DISTINCT user_id), count(DISTINCT post_id) FROM {name}
            WHERE kind = ANY(:kinds) AND created_at >= :since
            """
        row = connection.execute(sa.text(query), {"kinds": kinds, "since": since}).one()
        users, posts = users + int(row[0]), posts + int(row[1])
    return users, posts


def _count(snapshot: DatabaseSnapshot, relation: str, condition: str, most: int, **values: object) -> int:
    counts = []
    for connection, name in snapshot.homes(relation):
        query = f"SELECT count(*) FROM (SELECT FROM {name} WHERE {condition} LIMIT {most}) AS counted"
        counts.append(int(connection.scalar(sa.text(query), values) or 0))
    return sum(counts)
