"""Ends mutes and preferences whose time is over, so that every copy of them is read again."""

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.safety_outbox import SafetyChange, note_change
from shared.db.say_bounds import note_said
from shared.db.tables import SCHEMA
from shared.db.tombstones import hold_off_erasures

AT_ONCE = 500  # rows of each table in one transaction
_TABLES = ("mutes", "preferences")


def end_expired(database: Database) -> SafetyChange:
    """Delete entries that have expired; returns what Redis must learn, which is nothing if there are none.

    Rows that another process is ending are skipped. What the team's view of mutes holds ends with the next run.
    """
    with database.begin() as connection:
        found = connection.scalar(sa.text(f"SELECT {' OR '.join(map(_is_any_sql, _TABLES))}"))
        if not found:
            return SafetyChange()
        hold_off_erasures(connection)
        users: set[str] = set()
        for table in _TABLES:
            users.update(connection.scalars(sa.text(_end_sql(table)), {"most": AT_ONCE}))
        note_said(connection, users)
        return note_change(connection, user_ids=users)


def _is_any_sql(table: str) -> str:
    return f"EXISTS (SELECT FROM {SCHEMA}.{table} WHERE expires_at <= now())"


def _end_sql(table: str) -> str:
    return f"""
        DELETE FROM {SCHEMA}.{table} WHERE ctid IN (
            SELECT ctid FROM {SCHEMA}.{table} WHERE expires_at <= now() LIMIT :most FOR UPDATE SKIP LOCKED
        ) RETURNING user_id
        """
