"""How much one user may say about their timeline, counted over mutes of authors and all other preferences."""

from collections.abc import Collection

import sqlalchemy as sa

from shared.db.tables import SCHEMA
from shared.errors import WriteRefused

MAX_SAYS = 200  # entries of one user: a request reads them all, and a ranking matches each candidate with each
_LOCK = 2  # seed of a lock: changes of one user's say wait for each other


def wait_for_say(connection: sa.Connection, user_id: str) -> None:
    """Wait for other changes of what this user has said; they wait until the transaction ends."""
    query = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:id, :seed))")
    connection.execute(query, {"id": user_id, "seed": _LOCK})


def note_said(connection: sa.Connection, user_ids: Collection[str]) -> None:
    """Note that these users have said or blocked something, were blocked, or that it was taken back.

    Their lists are made anew, also by a ranker that was not told.
    """
    query = f"""
        INSERT INTO {SCHEMA}.viewer_settings (user_id) SELECT id FROM unnest(CAST(:ids AS text[])) AS t(id) ORDER BY id
        ON CONFLICT (user_id) DO UPDATE SET changed_at = now(), changed_xid = EXCLUDED.changed_xid
        """
    connection.execute(sa.text(query), {"ids": list(user_ids)})


def refuse_too_many(connection: sa.Connection, user_id: str) -> None:
    """Refuse what was just written if the user has more entries by now than anybody may have.

    Raises:
        WriteRefused: the transaction must end without it.
    """
    query = sa.text(
        f"""
        SELECT (SELECT count(*) FROM {SCHEMA}.mutes WHERE user_id = :user)
             + (SELECT count(*) FROM {SCHEMA}.preferences WHERE user_id = :user)
        """
    )
    if int(connection.scalar(query, {"user": user_id}) or 0) > MAX_SAYS:
        detail = f"the user has {MAX_SAYS} preferences and mutes, which is the most; delete some first"
        raise WriteRefused("too-many-preferences", detail)
