"""Mutes of authors: an optional relation, read from our own table and, where the team has one, from its view.

A mute is one-way: it withholds the author's posts from who muted them, and nothing the other way round. It ends at
`expires_at`, or not at all.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database, DatabaseSnapshot
from shared.db.relations import optional_homes, usable_id_sql
from shared.db.safety_outbox import SafetyChange, note_change
from shared.db.say_bounds import note_said, refuse_too_many, wait_for_say
from shared.db.tables import mutes, preferences
from shared.db.tombstones import buried, buried_in_views, hold_off_erasures
from shared.db.writes import refuse_erased
from shared.eligibility import Pair


def load_mutes(snapshot: DatabaseSnapshot, *, of: Collection[str] | None = None) -> set[Pair]:
    """All mutes in force (or those of these users) as pairs: who muted, who is muted.

    Where both homes have a mute, it is in force until both have ended.
    """
    condition, values = "", dict[str, object]()
    if of is not None:
        condition = "AND user_id = ANY(:users)"
        values = {"users": sorted({*of} - buried_in_views(snapshot, "users", of))}
    pairs: set[Pair] = set()
    for connection, name, columns in optional_homes(snapshot, "mutes"):
        ends = "AND (expires_at IS NULL OR expires_at > now())" if "expires_at" in columns else ""
        has_ids = usable_id_sql("user_id", "muted_user_id")
        query = sa.text(f"SELECT user_id, muted_user_id FROM {name} WHERE {has_ids} {ends} {condition}")
        pairs.update((user, muted) for user, muted in connection.execute(query, values) if user != muted)
    gone = buried_in_views(snapshot, "users", {user for pair in pairs for user in pair})
    return {pair for pair in pairs if gone.isdisjoint(pair)} if gone else pairs


def put_mute(database: Database, user_id: str, muted_user_id: str, *, expires_at: datetime | None) -> SafetyChange:
    """Let a user mute an author, until a time or for good; returns what Redis must learn.

    What they said of the author before (more, less, a mute until another time) is replaced.

    Raises:
        WriteRefused: one of them was erased, or the user has said too much.
    """
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, user_id, muted_user_id)
        wait_for_say(connection, user_id)
        about_author = (preferences.c.user_id == user_id) & (preferences.c.about == "author")
        connection.execute(preferences.delete().where(about_author & (preferences.c.folded == muted_user_id)))
        put_mute_row(connection, user_id, muted_user_id, expires_at=expires_at)
        refuse_too_many(connection, user_id)
        note_said(connection, [user_id])
        return note_change(connection, user_ids={user_id})


def put_mute_row(
    connection: sa.Connection, user_id: str, muted_user_id: str, *, expires_at: datetime | None
) -> tuple[int, datetime]:
    """Write a mute, or give one that is there a new end; returns its id and since when it is."""
    mute = insert(mutes).values(user_id=user_id, muted_user_id=muted_user_id, expires_at=expires_at)
    ends = {"expires_at": mute.excluded.expires_at}
    put = mute.on_conflict_do_update(index_elements=["user_id", "muted_user_id"], set_=ends)
    number, created_at = connection.execute(put.returning(mutes.c.id, mutes.c.created_at)).one()
    return number, created_at


def drop_mute(database: Database, user_id: str, muted_user_id: str) -> SafetyChange:
    """Remove a mute from our table (not from the team's view); returns what Redis must learn."""
    with database.begin() as connection:
        hold_off_erasures(connection)
        named = (mutes.c.user_id == user_id) & (mutes.c.muted_user_id == muted_user_id)
        connection.execute(mutes.delete().where(named))
        users = {user_id} - buried(connection, "users", [user_id])
        note_said(connection, users)
        return note_change(connection, user_ids=users)
