"""Small reads for the timeline: the newest posts, what rows are, and what one user must not be shown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shared.db.engine import Database, Snapshot
from shared.db.post_rows import rows_of_known_posts, rows_of_posts
from shared.db.safety import load_blocks, load_hides
from shared.db.tables import SCHEMA
from shared.domain import CLOCK_TOLERANCE, author_key
from shared.eligibility import Viewer, hidden_authors


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post as the timeline's own fallback needs it."""

    row: int
    post_id: str
    author: int  # author key
    created_at: datetime


def newest_posts(database: Database, *, now: datetime, limit: int) -> list[NewPost]:
    """The newest posts that anyone may see, newest first; unknown ones get their row numbers."""
    with database.read() as snapshot:
        ((connection, name),) = snapshot.each("posts")
        query = sa.text(
            f"""
            SELECT id, author_id, greatest(created_at, 'epoch') FROM {name}
            WHERE deleted_at IS NULL AND created_at <= :latest AND id IS NOT NULL AND author_id IS NOT NULL
            ORDER BY created_at DESC, id LIMIT :most
            """
        )
        most = limit
        while True:  # a view may still show what the API deleted: then as many others stand in
            found = connection.execute(query, {"latest": now + CLOCK_TOLERANCE, "most": most}).all()
            buried = buried_posts(snapshot, [post_id for post_id, _, _ in found])
            alive = [row for row in found if row[0] not in buried][:limit]
            if len(alive) == limit or len(found) < most:
                break
            most *= 2
    with database.begin() as connection:
        rows = rows_of_posts(connection, [post_id for post_id, _, _ in alive])
    return [
        NewPost(row=row, post_id=post_id, author=author_key(author_id), created_at=created_at)
        for row, (post_id, author_id, created_at) in zip(rows, alive, strict=True)
    ]


def posts_of_rows(database: Database, rows: Collection[int]) -> list[NewPost]:
    """Those of these rows whose posts anyone may still see."""
    with database.begin() as connection:
        found = connection.execute(
            sa.text(f"SELECT post_id, row FROM {SCHEMA}.post_rows WHERE row = ANY(:rows)"), {"rows": list(rows)}
        )
        row_of: dict[str, int] = {row[0]: row[1] for row in found}
    with database.read() as snapshot:
        ((connection, name),) = snapshot.each("posts")
        query = sa.text(f"SELECT id, author_id, created_at FROM {name} WHERE id = ANY(:ids) AND deleted_at IS NULL")
        alive = connection.execute(query, {"ids": list(row_of)}).all()
        buried = buried_posts(snapshot, list(row_of))
    return [
        NewPost(row=row_of[post_id], post_id=post_id, author=author_key(author_id), created_at=created_at)
        for post_id, author_id, created_at in alive
        if post_id not in buried
    ]


def viewer_of(database: Database, user_id: str, *, since: datetime) -> Viewer:
    """What one user must not be shown, read from PostgreSQL (when Redis cannot tell)."""
    with database.read() as snapshot:
        blocks = load_blocks(snapshot, of=user_id)
        hides = load_hides(snapshot, since=since, of=user_id)
    with database.begin() as connection:
        rows = rows_of_known_posts(connection, [post for _, post in hides])
    return Viewer(hidden_authors=hidden_authors(user_id, blocks), hidden_posts=frozenset(rows.values()))


def buried_posts(snapshot: Snapshot, post_ids: Sequence[str]) -> set[str]:
    """Those of these posts that were deleted by the API while a view still shows them."""
    own = snapshot.database.own
    query = sa.text(f"SELECT id FROM {own.name('tombstones')} WHERE relation = 'posts' AND id = ANY(:ids)")
    return {post_id for (post_id,) in snapshot.connection(own).execute(query, {"ids": list(post_ids)})}
