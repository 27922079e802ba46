"""What a user says about authors, tags, posts and words, and how they want to be served: list, say, undo.

Of each author, tag, post or word a user says one thing at a time: what is said later replaces what was said before. A
mute of an author is a row of the relation `mutes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database, DatabaseSnapshot
from shared.db.mutes import put_mute_row
from shared.db.relations import optional_homes
from shared.db.safety_outbox import SafetyChange, note_change
from shared.db.say_bounds import note_said, refuse_too_many, wait_for_say
from shared.db.tables import mutes, preferences, viewer_settings
from shared.db.tombstones import buried, buried_in_views, hold_off_erasures
from shared.db.writes import refuse_erased
from shared.errors import WriteRefused
from shared.preferences.words import folded, folded_tag

Say = Literal["more", "less", "mute"]
About = Literal["author", "tag", "post", "word"]
Sensitive = Literal["show", "hide"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One thing that a user has said."""

    id: int | None  # None: it is in the team's view of mutes
    say: Say
    about: About
    target: str
    created_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerSettings:
    """How a user wants to be served."""

    languages: Sequence[str] = ()  # those that are shown; empty: all
    sensitive: Sensitive = "show"
    personalised: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPreferences:
    """All that a user has said, the oldest first."""

    preferences: Sequence[Preference]
    settings: ViewerSettings


def read_preferences(database: Database, user_id: str) -> StoredPreferences:
    """All that a user has said and that has not ended."""
    with database.read() as snapshot:
        return preferences_in(snapshot, user_id)


def preferences_in(snapshot: DatabaseSnapshot, user_id: str) -> StoredPreferences:
    """The same, from a snapshot."""
    connection = snapshot.connection(snapshot.database.own)
    own = sa.select(preferences).where(preferences.c.user_id == user_id, _lasts(preferences))
    found = [
        Preference(
            id=row["id"], say=row["say"], about=row["about"], target=row["target"], created_at=row["created_at"],
            expires_at=row["expires_at"],
        )
        for row in connection.execute(own.order_by(preferences.c.id)).mappings()
    ]  # fmt: skip
    chosen = connection.execute(sa.select(viewer_settings).where(viewer_settings.c.user_id == user_id)).mappings()
    row = chosen.one_or_none()
    settings = ViewerSettings()
    if row is not None:
        settings = ViewerSettings(
            languages=row["languages"], sensitive=row["sensitive"], personalised=row["personalised"]
        )  # fmt: skip
    return StoredPreferences(preferences=[*found, *_muted_authors(snapshot, user_id)], settings=settings)


def _muted_authors(snapshot: DatabaseSnapshot, user_id: str) -> list[Preference]:
    found: dict[str, Preference] = {}
    for home, (connection, name, columns) in enumerate(optional_homes(snapshot, "mutes")):
        is_own = home == 0
        times = [column if column in columns else f"NULL::timestamptz AS {column}" for column in _TIMES]
        ends = "AND (expires_at IS NULL OR expires_at > now())" if "expires_at" in columns else ""
        query = f"""
            SELECT {"id" if is_own else "NULL AS id"}, muted_user_id, {", ".join(times)} FROM {name}
            WHERE user_id = :user {ends} AND muted_user_id IS NOT NULL ORDER BY created_at LIMIT 1000
            """
        for number, author, created_at, expires_at in connection.execute(sa.text(query), {"user": user_id}):
            mute = Preference(
                id=number, say="mute", about="author", target=author, created_at=created_at, expires_at=expires_at
            )  # fmt: skip
            found.setdefault(author, mute)
    gone = buried_in_views(snapshot, "users", list(found))
    return [mute for author, mute in found.items() if author not in gone]


_TIMES = ("created_at", "expires_at")


def put_preference(
    database: Database, user_id: str, say: Say, about: About, target: str, *, expires_at: datetime | None
) -> tuple[Preference, SafetyChange]:
    """Record what a user says; returns it, and what Redis must learn.

    Raises:
        WriteRefused: the user, or who or what is named, was erased or deleted; or the user has said too much.
    """
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, *({user_id, target} if about == "author" else {user_id}))
        if about == "post" and buried(connection, "posts", [target]):
            raise WriteRefused("post-deleted", "the post was deleted")
        wait_for_say(connection, user_id)
        _forget(connection, user_id, about, folded_target(about, target))
        if (say, about) == ("mute", "author"):
            number, created_at = put_mute_row(connection, user_id, target, expires_at=expires_at)
        else:
            row = {"user_id": user_id, "say": say, "about": about, "target": target, "expires_at": expires_at}
            put = insert(preferences).values(row | {"folded": folded_target(about, target)})
            returning = put.returning(preferences.c.id, preferences.c.created_at)
            number, created_at = connection.execute(returning).one()
        refuse_too_many(connection, user_id)
        note_said(connection, [user_id])
        preference = Preference(
            id=number, say=say, about=about, target=target, created_at=created_at, expires_at=expires_at
        )  # fmt: skip
        return preference, note_change(connection, user_ids={user_id})


def folded_target(about: About, target: str) -> str:
    """What is named, as it is compared; an id is compared as it is."""
    match about:
        case "tag":
            return folded_tag(target)
        case "word":
            return folded(target)
    return target


def drop_preference(database: Database, user_id: str, number: int) -> SafetyChange:
    """Take one thing back; returns what Redis must learn. What is not there is no error."""
    with database.begin() as connection:
        hold_off_erasures(connection)
        wait_for_say(connection, user_id)
        for table in (mutes, preferences):
            connection.execute(table.delete().where((table.c.user_id == user_id) & (table.c.id == number)))
        return _taken_back(connection, user_id)


def reset_preferences(database: Database, user_id: str) -> SafetyChange:
    """Take everything back, also how the user wants to be served; returns what Redis must learn."""
    with database.begin() as connection:
        hold_off_erasures(connection)
        wait_for_say(connection, user_id)
        for table in (mutes, preferences, viewer_settings):
            connection.execute(table.delete().where(table.c.user_id == user_id))
        return _taken_back(connection, user_id)


def put_settings(
    database: Database,
    user_id: str,
    *,
    languages: Sequence[str] | None = None,
    sensitive: Sensitive | None = None,
    personalised: bool | None = None,
) -> SafetyChange:
    """Record how a user wants to be served; what is None stays as it is. Returns what Redis must learn.

    Raises:
        WriteRefused: the user was erased.
    """
    given = {"languages": languages, "sensitive": sensitive, "personalised": personalised}
    values = {name: value for name, value in given.items() if value is not None}
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, user_id)
        put = insert(viewer_settings).values(user_id=user_id, **values)
        if values:
            connection.execute(put.on_conflict_do_update(index_elements=["user_id"], set_=values))
        note_said(connection, [user_id])
        return note_change(connection, user_ids={user_id})


def _forget(connection: sa.Connection, user_id: str, about: About, text: str) -> None:
    """Remove what the user said of this before."""
    said = (preferences.c.user_id == user_id) & (preferences.c.about == about) & (preferences.c.folded == text)
    connection.execute(preferences.delete().where(said))
    if about == "author":
        connection.execute(mutes.delete().where((mutes.c.user_id == user_id) & (mutes.c.muted_user_id == text)))


def _taken_back(connection: sa.Connection, user_id: str) -> SafetyChange:
    """What Redis must learn; nothing is noted of a user who was erased."""
    users = {user_id} - buried(connection, "users", [user_id])
    note_said(connection, users)
    return note_change(connection, user_ids=users)


def _lasts(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.expires_at.is_(None) | (table.c.expires_at > sa.func.now())
