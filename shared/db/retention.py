"""Removes from PostgreSQL what is not kept any longer; `s01_heuristic.housekeeping` decides when.

Each call is one small transaction. It skips rows that another transaction holds, so it waits for nobody and can be part
of no deadlock; and it does not wait for the disk, since rows that a crash brings back are removed again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import SCHEMA
from shared.domain import ERASED_FOR, InteractionKind

ROWS_AT_ONCE = 1_000  # of one transaction: some 10 ms
CONTENT_KEPT_FOR = timedelta(days=90)  # captions and addresses of deleted posts
RECORDS_KEPT = 10_000  # of operators' acts, and of changes of the phase: 27 years of a promotion each night


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedEvents:
    """What one transaction removed."""

    count: int
    until: datetime | None  # the time of the latest one; None: there was none

    @property
    def is_last(self) -> bool:
        """Whether nothing is left, apart from rows that others hold."""
        return self.count < ROWS_AT_ONCE


def remove_old_events(database: Database, kind: InteractionKind, *, since: datetime, before: datetime) -> RemovedEvents:
    """Remove the oldest events of a kind from our own table; the team's relation is never changed.

    The counts of their feeds stay. The index on `created_at` finds them, so `since` should be as late as is known:
    older events of other kinds are read in vain.

    Args:
        database: ours.
        kind: of the events.
        since: none is older.
        before: events of this time and later stay.
    """
    old = f"""
        SELECT ctid FROM {SCHEMA}.interactions
        WHERE kind = :kind AND created_at >= :since AND created_at < :before
        ORDER BY created_at LIMIT :rows FOR UPDATE SKIP LOCKED
        """
    remove = f"""
        WITH gone AS (DELETE FROM {SCHEMA}.interactions WHERE ctid = ANY(ARRAY({old})) RETURNING created_at)
        SELECT count(*), max(created_at) FROM gone
        """
    values = {"kind": kind.value, "since": since, "before": before, "rows": ROWS_AT_ONCE}
    with database.begin() as connection:
        _do_not_wait_for_the_disk(connection)
        # In the order of the index. Until PostgreSQL has counted how much is old, it expects hardly any, and would read
        # and sort all of it for each thousand rows.
        connection.execute(sa.text("SET LOCAL enable_sort = off"))
        count, until = connection.execute(sa.text(remove), values).one()
    return RemovedEvents(count=count, until=until)


def clear_deleted_posts(database: Database, *, before: datetime) -> int:
    """Remove captions and addresses of posts that were deleted before a time, in our own table; returns of how many.

    The row stays, because an erasure of its author must find it. Reads the whole table.
    """
    has_content = "(caption <> '' OR image_url IS NOT NULL OR image_urls IS NOT NULL)"
    long_deleted = f"""
        SELECT id FROM {SCHEMA}.posts WHERE deleted_at < :before AND {has_content}
        LIMIT :rows FOR UPDATE SKIP LOCKED
        """
    nothing = "caption = '', image_url = NULL, image_urls = NULL"
    clear = f"UPDATE {SCHEMA}.posts SET {nothing} WHERE id = ANY(ARRAY({long_deleted}))"
    with database.begin() as connection:
        _do_not_wait_for_the_disk(connection)
        return int(connection.execute(sa.text(clear), {"before": before, "rows": ROWS_AT_ONCE}).rowcount)


def drop_old_records(database: Database) -> int:
    """Delete who was erased more than `ERASED_FOR` ago, and the oldest acts and phase changes; returns how many."""
    beyond = "(SELECT {0} FROM {1} ORDER BY {0} DESC OFFSET :kept LIMIT 1)"
    statements = (
        f"DELETE FROM {SCHEMA}.erased_users WHERE erased_at < now() - :lately",
        f"DELETE FROM {SCHEMA}.audit WHERE id <= {beyond.format('id', f'{SCHEMA}.audit')}",
        f"DELETE FROM {SCHEMA}.phase_changes WHERE version <= {beyond.format('version', f'{SCHEMA}.phase_changes')}",
    )
    values = {"lately": ERASED_FOR, "kept": RECORDS_KEPT}
    with database.begin() as connection:
        return sum(connection.execute(sa.text(statement), values).rowcount for statement in statements)


def _do_not_wait_for_the_disk(connection: sa.Connection) -> None:
    connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
