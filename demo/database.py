"""The demo's own queries on PostgreSQL: whose posts it holds, captions, and moving all times."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class with a small name

from demo.errors import DemoError

_MOVES = (
    "UPDATE warmline.users SET created_at = created_at + %(by)s",
    "UPDATE warmline.posts SET created_at = created_at + %(by)s, deleted_at = deleted_at + %(by)s",
    # `first_at` also where it is NULL: otherwise this would count as a repeat (migration 0013).
    """
    UPDATE warmline.interactions
    SET created_at = created_at + %(by)s, first_at = coalesce(first_at, created_at) + %(by)s
    """,
    "UPDATE warmline.blocks SET created_at = created_at + %(by)s",
)


@contextmanager
def transaction(database_url: str) -> Iterator[Cursor]:
    """A transaction that is committed if the block succeeds."""
    scheme, mark, rest = database_url.partition("://")
    try:
        connection = psycopg2.connect(f"{scheme.partition('+')[0]}{mark}{rest}", connect_timeout=10)
    except psycopg2.OperationalError:
        raise DemoError("WARMLINE_DATABASE_URL: PostgreSQL does not answer there; start it, or unset it") from None
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def holds_user(database_url: str, user_id: str) -> bool:
    """Whether the user exists."""
    with transaction(database_url) as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM warmline.users WHERE id = %s)", (user_id,))
        return _scalar(cursor) is True


def holds_other_posts(database_url: str, post_ids: Sequence[str]) -> bool:
    """Whether there are posts other than these: then the database holds real data."""
    with transaction(database_url) as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM warmline.posts AS p WHERE NOT EXISTS "
            "(SELECT FROM unnest(%s::text[]) AS ours (id) WHERE ours.id = p.id))",
            (list(post_ids),),
        )
        return _scalar(cursor) is True


def move_times(database_url: str, now: datetime) -> timedelta:
    """Move all times of the world by the same span, so that its newest event is at `now`; never backwards."""
    with transaction(database_url) as cursor:
        cursor.execute("SELECT max(created_at) FROM warmline.interactions")
        newest = _scalar(cursor)
        span = now - newest if isinstance(newest, datetime) else timedelta()
        if span <= timedelta():
            return timedelta()
        for statement in _MOVES:
            cursor.execute(statement, {"by": span})
    return span


def captions_of(database_url: str, post_ids: Sequence[str]) -> dict[str, str]:
    """Caption by post id."""
    with transaction(database_url) as cursor:
        cursor.execute("SELECT id, caption FROM warmline.posts WHERE id = ANY(%s)", (list(post_ids),))
        return dict(cursor.fetchall())


def last_liked(database_url: str, user_id: str, limit: int) -> list[str]:
    """Captions of the posts that the user liked last, newest first."""
    with transaction(database_url) as cursor:
        cursor.execute(
            "SELECT p.caption FROM warmline.interactions AS i JOIN warmline.posts AS p ON p.id = i.post_id "
            "WHERE i.user_id = %s AND i.kind = 'like' ORDER BY i.created_at DESC LIMIT %s",
            (user_id, limit),
        )
        return [row[0] for row in cursor.fetchall()]


def active_users(database_url: str, *, likes: int, limit: int) -> list[str]:
    """Users with at least that many likes and an event in the last month, ordered by id."""
    with transaction(database_url) as cursor:
        cursor.execute(
            "SELECT user_id FROM warmline.interactions GROUP BY user_id HAVING max(created_at) > now() - interval "
            "'29 days' AND count(*) FILTER (WHERE kind = 'like') >= %s ORDER BY user_id LIMIT %s",
            (likes, limit),
        )
        return [row[0] for row in cursor.fetchall()]


def lease_left(database_url: str, job: str) -> float:
    """Seconds until the lease of the job's current run expires; 0 if there is none."""
    with transaction(database_url) as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM max(lease_until) - now())::float FROM warmline.runs "
            "WHERE job = %s AND state = 'running'",
            (job,),
        )
        left = _scalar(cursor)
        return max(0.0, left) if isinstance(left, float) else 0.0


def authors_of(database_url: str, post_ids: Sequence[str]) -> dict[str, str]:
    """Author by post id."""
    with transaction(database_url) as cursor:
        cursor.execute("SELECT id, author_id FROM warmline.posts WHERE id = ANY(%s)", (list(post_ids),))
        return dict(cursor.fetchall())


def blocked_both_ways(database_url: str, user_id: str) -> set[str]:
    """The users whom the user blocks, and who block the user."""
    with transaction(database_url) as cursor:
        cursor.execute(
            "SELECT blocked_user_id FROM warmline.blocks WHERE user_id = %(id)s UNION "
            "SELECT user_id FROM warmline.blocks WHERE blocked_user_id = %(id)s",
            {"id": user_id},
        )
        return {row[0] for row in cursor.fetchall()}


def _scalar(cursor: Cursor) -> object:
    row = cursor.fetchone()
    return None if row is None else row[0]
