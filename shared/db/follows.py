"""Follows: an optional relation of who follows which author, from our own table and, where the team has one, its view.

A follow raises the author's posts in one user's lists and feeds `mode=following`; it is no event, and trains nothing.
A follow of somebody who is blocked, in either direction, or muted has no effect while that lasts.
"""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.array_literals import text_array
from shared.db.engine import Database, DatabaseSnapshot
from shared.db.mutes import load_mutes
from shared.db.relations import optional_homes, usable_id_sql
from shared.db.safety import load_blocks
from shared.db.say_bounds import note_said, wait_for_say
from shared.db.tables import follows
from shared.db.tombstones import buried, buried_in_views, hold_off_erasures
from shared.db.writes import refuse_erased
from shared.eligibility import Pair
from shared.errors import WriteRefused

MAX_FOLLOWS = 5_000  # of one user: a page of `mode=following` reads them all


def load_follows(
    snapshot: DatabaseSnapshot, users: Collection[str], *, includes_withheld: bool = False
) -> Mapping[str, Sequence[str]]:
    """The authors that each of these users follows, the newest `MAX_FOLLOWS` follows, newest first.

    Left out are users who follow nobody, and authors who were erased, are muted, or blocked in either direction; a page
    leaves out the latter itself (`includes_withheld`). Reads by index: for a page, or the users of a live pass.
    """
    found: dict[str, dict[str, float]] = {}
    asked = sorted({*users} - buried_in_views(snapshot, "users", users))
    for connection, name, columns in optional_homes(snapshot, "follows") if asked else ():
        at = "extract(epoch FROM created_at)::float8" if "created_at" in columns else "NULL::float8"
        query = f"""
            SELECT asked.id, followed.author_id, followed.at
            FROM unnest(CAST(:users AS text[])) AS asked(id) CROSS JOIN LATERAL (
                SELECT CAST(author_id AS text) AS author_id, {at} AS at FROM {name}
                WHERE user_id = asked.id AND {usable_id_sql("author_id")}
                ORDER BY at DESC NULLS LAST, author_id LIMIT :most
            ) AS followed
            """
        for user, author, followed_at in connection.execute(
            sa.text(query), {"users": text_array(asked), "most": MAX_FOLLOWS}
        ):
            known = found.setdefault(user, {})
            known[author] = max(known.get(author, float("-inf")), float("-inf") if followed_at is None else followed_at)
    if not found:
        return {}
    withheld = set() if includes_withheld else _withheld(snapshot, found)
    gone = buried_in_views(snapshot, "users", {author for known in found.values() for author in known})
    return {
        user: authors
        for user, known in found.items()
        if (
            authors := [
                author
                for author in sorted(known, key=lambda author: (-known[author], author))[:MAX_FOLLOWS]
                if author != user and author not in gone and (user, author) not in withheld
            ]
        )
    }


def _withheld(snapshot: DatabaseSnapshot, users: Collection[str]) -> set[Pair]:
    """Pairs of one of these users and somebody whom they do not see."""
    blocks = load_blocks(snapshot, of=users)
    return blocks | {(blocked, blocker) for blocker, blocked in blocks} | load_mutes(snapshot, of=users)


def has_follows(snapshot: DatabaseSnapshot) -> bool:
    """Whether anybody follows anybody."""
    return any(
        connection.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {name})"))
        for connection, name, _ in optional_homes(snapshot, "follows")
    )


def followed_authors(database: Database, user_id: str) -> Sequence[str]:
    """The authors that one user follows, as `load_follows` reads them for a page."""
    with database.read() as snapshot:
        return load_follows(snapshot, [user_id], includes_withheld=True).get(user_id, ())


def put_follow(database: Database, user_id: str, author_id: str) -> None:
    """Let a user follow an author. A follow that is there stays as it is.

    Raises:
        WriteRefused: one of them was erased, or the user follows as many authors as anybody may.
    """
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, user_id, author_id)
        wait_for_say(connection, user_id)
        put = insert(follows).values(user_id=user_id, author_id=author_id).on_conflict_do_nothing()
        if connection.execute(put).rowcount == 0:
            return
        count = sa.select(sa.func.count()).where(follows.c.user_id == user_id)
        if int(connection.scalar(count) or 0) > MAX_FOLLOWS:
            detail = f"the user follows {MAX_FOLLOWS:,} authors, which is the most; delete some follows first"
            raise WriteRefused("too-many-follows", detail)
        note_said(connection, [user_id])


def drop_follow(database: Database, user_id: str, author_id: str) -> None:
    """Remove a follow from our table (not from the team's view)."""
    with database.begin() as connection:
        hold_off_erasures(connection)
        wait_for_say(connection, user_id)
        named = (follows.c.user_id == user_id) & (follows.c.author_id == author_id)
        if connection.execute(follows.delete().where(named)).rowcount:
            note_said(connection, {user_id} - buried(connection, "users", [user_id]))
