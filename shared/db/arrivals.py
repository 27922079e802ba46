"""Which users have new events since a run began: by the time of arrival, not by the time of the event.

A phone that was offline, or a nightly upload, sends events that are hours old. So each event in our own table carries
the number of the transaction that wrote it. A run keeps a *mark*: the oldest transaction that it may have missed.
"""

from collections.abc import Collection

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import SCHEMA


def arrivals_mark(database: Database) -> int:
    """The oldest transaction under way; what earlier ones wrote is visible from now on. Call it before reading."""
    with database.begin() as connection:
        query = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        return int(connection.scalar(sa.text(query)) or 0)


def arrived_since(database: Database, mark: int) -> set[str]:
    """Users whose events arrived, changed or were taken back since a mark, or who have said something."""
    # In a restored database the numbers start again: higher ones are from before the restore, and are ignored.
    newest = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    query = f"""
        SELECT user_id FROM {SCHEMA}.interactions WHERE changed_xid >= :mark AND changed_xid < {newest}
        UNION SELECT user_id FROM {SCHEMA}.revoking_users WHERE changed_xid >= :mark AND changed_xid < {newest}
        UNION SELECT user_id FROM {SCHEMA}.viewer_settings WHERE changed_xid >= :mark AND changed_xid < {newest}
        """
    with database.begin() as connection:
        return set(connection.scalars(sa.text(query), {"mark": mark}))


def revoked_since(database: Database, mark: int) -> set[str]:
    """Users who took an event back since a mark. Earlier records are deleted: a run has seen them."""
    table = f"{SCHEMA}.revoking_users"
    with database.begin() as connection:
        connection.execute(sa.text(f"DELETE FROM {table} WHERE changed_xid < :mark"), {"mark": mark})
        return set(connection.scalars(sa.text(f"SELECT user_id FROM {table}")))


def note_revoked(connection: sa.Connection, users: Collection[str]) -> None:
    """Record who takes an event back. Must be the last statement of a transaction; writes in the order of ids."""
    if not users:
        return
    put = f"""
        INSERT INTO {SCHEMA}.revoking_users (user_id) SELECT * FROM unnest(CAST(:users AS text[]))
        ON CONFLICT (user_id) DO UPDATE SET changed_xid = EXCLUDED.changed_xid
        """
    connection.execute(sa.text(put), {"users": sorted(users)})
