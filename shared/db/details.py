"""What the operator wants to read of single users and posts, wherever the relations live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shared.db.engine import Snapshot
from shared.domain import POSITIVE_KINDS

MOST_POSITIVES = 1000  # counted no further


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDetails:
    """A post as a person would describe it."""

    caption: str
    author_id: str
    created_at: datetime | None  # None: the view does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDetails:
    """A user as far as ranking is concerned."""

    joined_at: datetime | None  # None: not in the relation
    positives: int  # posts, up to MOST_POSITIVES


def post_details(snapshot: Snapshot, post_ids: Sequence[str]) -> dict[str, PostDetails]:
    """Those of these posts that the relation still has."""
    details: dict[str, PostDetails] = {}
    for connection, name in snapshot.each("posts"):
        query = sa.text(f"SELECT id, caption, author_id, created_at FROM {name} WHERE id = ANY(:ids)")
        for post_id, caption, author_id, created_at in connection.execute(query, {"ids": list(post_ids)}):
            details[post_id] = PostDetails(caption=caption or "", author_id=author_id, created_at=created_at)
    return details


def user_details(snapshot: Snapshot, user_id: str) -> UserDetails:
    """When a user joined, and how many positives they gave."""
    joined_at: datetime | None = None
    for connection, name in snapshot.each("users"):
        joined_at = connection.scalar(sa.text(f"SELECT created_at FROM {name} WHERE id = :id LIMIT 1"), {"id": user_id})
    liked: set[str] = set()  # one that stands in the view and came by the API too is one
    kinds = sorted(kind.value for kind in POSITIVE_KINDS)
    for connection, name in snapshot.each("interactions"):
        query = f"""
            SELECT DISTINCT post_id FROM {name}
            WHERE user_id = :id AND kind = ANY(:kinds) AND post_id IS NOT NULL LIMIT {MOST_POSITIVES}
            """
        liked.update(connection.scalars(sa.text(query), {"id": user_id, "kinds": kinds}))
    return UserDetails(joined_at=joined_at, positives=min(len(liked), MOST_POSITIVES))
