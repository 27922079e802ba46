"""Erases a user from PostgreSQL, at once and for good (promise 10).

A run under way may still write what it has loaded before: lists, vectors, post numbers. So an erasure stays on record,
with the id, until no such run is left and Redis has been cleaned; then this last mention is deleted, too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database, relation_errors
from shared.db.live_passes import load_under_way, wait_for_live_passes
from shared.db.post_rows import forget_posts
from shared.db.safety_outbox import SafetyChange, forget_user_in_changes, note_change
from shared.db.tables import SCHEMA, erased_users, erasures, runs
from shared.db.tombstones import bury, hold_off_writes
from shared.domain import ERASED_FOR, MAX_ERASED, hash_of_user

_LIVE_PASSES_END = timedelta(seconds=2)  # usually within a tenth of it
_MARGIN = timedelta(minutes=1)  # a run that started so shortly after it may have loaded before the erasure was durable


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erased user, and what may still name them elsewhere."""

    user_id: str
    post_ids: Sequence[str]
    post_numbers: Sequence[int]  # of their posts
    blocked: SafetyChange = field(default_factory=SafetyChange)  # users who blocked or muted them, or whom they blocked


# What names a user or one of their posts in our own tables. With a post, the events of all users on it are deleted.
_DELETES = (
    "interactions WHERE user_id = :user OR post_id = ANY(:posts)",
    "blocks WHERE user_id = :user OR blocked_user_id = :user",
    "mutes WHERE user_id = :user OR muted_user_id = :user",
    "follows WHERE user_id = :user OR author_id = :user",
    "preferences WHERE user_id = :user",
    "preferences WHERE about = 'author' AND folded = :user",
    "preferences WHERE about = 'post' AND folded = ANY(:posts)",
    "viewer_settings WHERE user_id = :user",
    "post_vectors WHERE post_id = ANY(:posts)",
    "encoding_failures WHERE post_id = ANY(:posts)",
    "photo_fingerprints WHERE post_id = ANY(:posts)",
    "posts WHERE author_id = :user OR id = ANY(:posts)",
    "users WHERE id = :user",
    "revoking_users WHERE user_id = :user",
    "takedowns WHERE relation = 'users' AND id = :user",
    "takedowns WHERE relation = 'posts' AND id = ANY(:posts)",
)


def erase_user(database: Database, user_id: str) -> Erasure:
    """Delete all data of a user from our tables, and add tombstones for them and their posts.

    The team must clean its own relations; until then the tombstones hide from every run what these still contain.

    Raises:
        StoreUnavailable, SourceError: nothing was changed.
    """
    in_view = _posts_in_view(database, user_id)
    with database.begin() as connection:
        hold_off_writes(connection)
        own = connection.execute(sa.text(f"SELECT id FROM {SCHEMA}.posts WHERE author_id = :user"), {"user": user_id})
        post_ids = sorted({*in_view, *(post_id for (post_id,) in own)})
        forget_user_in_changes(connection, user_id)
        blocked = note_change(connection, user_ids=_blocked(connection, user_id))
        _note_erased(connection, user_id)
        bury(connection, "users", [user_id])
        bury(connection, "posts", post_ids)
        numbers = _delete(connection, user_id, post_ids)
        known = _note(connection, user_id, post_ids, numbers)
    return Erasure(user_id=user_id, post_ids=known.post_ids, post_numbers=known.post_numbers, blocked=blocked)


def erased_lately(database: Database, *, within: timedelta = ERASED_FOR) -> dict[str, datetime]:
    """Hashes of the users who were erased within a time, and when, by PostgreSQL's clock."""
    lately = erased_users.c.erased_at >= sa.func.now() - within
    newest = sa.select(erased_users).where(lately).order_by(erased_users.c.erased_at.desc()).limit(MAX_ERASED)
    with database.begin() as connection:
        return {row["user_hash"]: row["erased_at"] for row in connection.execute(newest).mappings()}


def least_runs(database: Database, jobs: Collection[str]) -> dict[str, int]:
    """For each job the lowest fencing number that may still write: of its live run, or one above all ended runs.

    A run that is claimed meanwhile has a higher number than any that is visible here, so it is never given up. The
    sequence is advanced to the returned numbers, since a Redis with higher ones means that PostgreSQL is older.
    """
    is_alive = (runs.c.state == "running") & (runs.c.lease_until >= sa.func.now())
    newest = sa.func.max(runs.c.fence)
    least = sa.func.coalesce(newest.filter(is_alive), newest + 1).label("least")
    claimed = sa.select(runs.c.job, least).where(runs.c.job.in_(jobs), runs.c.fence.is_not(None))
    with database.begin() as connection:
        lowest = {row.job: row.least for row in connection.execute(claimed.group_by(runs.c.job))}
        reach = sa.text(f"SELECT nextval('{SCHEMA}.fences') FROM {SCHEMA}.fences WHERE last_value < :least")
        connection.execute(reach, {"least": max(lowest.values(), default=0)})
        return lowest


def erasures_under_way(database: Database) -> list[Erasure]:
    """Erasures that are not yet complete."""
    with database.begin() as connection:
        found = connection.execute(sa.select(erasures).order_by(erasures.c.asked_at).limit(1000)).mappings()
        return [Erasure(user_id=row["user_id"], post_ids=row["post_ids"], post_numbers=row["rows"]) for row in found]


def may_be_settled(database: Database, erasure: Erasure) -> bool:
    """Whether no run, no live pass and no load beside them is left that may have read the user before the erasure.

    Live passes take a moment, so this waits for those under way.
    """
    if not wait_for_live_passes(database, within=_LIVE_PASSES_END):
        return False
    query = sa.text(
        f"""
        SELECT e.asked_at + :margin AS read_by, EXISTS (
            SELECT FROM {SCHEMA}.runs r
            WHERE r.state = 'running' AND r.lease_until >= now() AND r.started_at <= e.asked_at + :margin
        ) AS has_run
        FROM {SCHEMA}.erasures e WHERE e.user_id = :user
        """
    )
    with database.begin() as connection:
        known = connection.execute(query, {"user": erasure.user_id, "margin": _MARGIN}).one_or_none()
        return known is None or not (known.has_run or load_under_way(connection, begun_by=known.read_by))


def erase_again(database: Database, erasure: Erasure) -> Erasure:
    """Delete what a run wrote meanwhile; returns the erasure with the post numbers that the run assigned."""
    with database.begin() as connection:
        _note_erased(connection, erasure.user_id)  # an earlier version, which may have begun it, did not
        numbers = _delete(connection, erasure.user_id, erasure.post_ids)
    return replace(erasure, post_numbers=[*erasure.post_numbers, *numbers])


def settle_erasure(database: Database, erasure: Erasure) -> None:
    """Delete the record, which is the last mention of the user. Call it when nothing else is left."""
    with database.begin() as connection:
        connection.execute(erasures.delete().where(erasures.c.user_id == erasure.user_id))


def _posts_in_view(database: Database, user_id: str) -> list[str]:
    if not database.has_views:
        return []
    with database.read() as snapshot:
        ((connection, name),) = snapshot.homes("posts")
        with relation_errors(database.homes("posts")[0], "posts"):
            found = connection.execute(sa.text(f"SELECT id FROM {name} WHERE author_id = :user"), {"user": user_id})
            return [post_id for (post_id,) in found if post_id is not None]


def _blocked(connection: sa.Connection, user_id: str) -> list[str]:
    query = f"""
        SELECT blocked_user_id FROM {SCHEMA}.blocks WHERE user_id = :user
        UNION SELECT user_id FROM {SCHEMA}.blocks WHERE blocked_user_id = :user
        UNION SELECT user_id FROM {SCHEMA}.mutes WHERE muted_user_id = :user
        """
    return [other for (other,) in connection.execute(sa.text(query), {"user": user_id})]


def _delete(connection: sa.Connection, user_id: str, post_ids: Sequence[str]) -> list[int]:
    """Delete the rows of a user; returns the numbers of their posts."""
    for what in _DELETES:
        connection.execute(sa.text(f"DELETE FROM {SCHEMA}.{what}"), {"user": user_id, "posts": list(post_ids)})
    # The error of a run may quote an id; the quotes are compared, too, so that no longer id matches.
    scrub = (
        f"UPDATE {SCHEMA}.runs SET error = 'the reason named a user who was erased' WHERE strpos(error, :quoted) > 0"
    )
    connection.execute(sa.text(scrub), {"quoted": repr(user_id)})
    return forget_posts(connection, post_ids)


def _note_erased(connection: sa.Connection, user_id: str) -> None:
    connection.execute(erased_users.delete().where(erased_users.c.erased_at < sa.func.now() - ERASED_FOR))
    noted = insert(erased_users).values(user_hash=hash_of_user(user_id))
    connection.execute(noted.on_conflict_do_update(index_elements=["user_hash"], set_={"erased_at": sa.func.now()}))


def _note(connection: sa.Connection, user_id: str, post_ids: Sequence[str], numbers: Sequence[int]) -> Erasure:
    """Record the erasure; a repeat adds to the record."""
    query = sa.text(
        f"""
        INSERT INTO {SCHEMA}.erasures AS known (user_id, post_ids, rows)
        VALUES (:user, CAST(:posts AS text[]), CAST(:rows AS int[]))
        ON CONFLICT (user_id) DO UPDATE SET
            post_ids = known.post_ids || EXCLUDED.post_ids, rows = known.rows || EXCLUDED.rows, asked_at = now()
        RETURNING post_ids, rows
        """
    )
    values = {"user": user_id, "posts": list(post_ids), "rows": list(numbers)}
    known_posts, known_numbers = connection.execute(query, values).one()
    return Erasure(user_id=user_id, post_ids=known_posts, post_numbers=known_numbers)
