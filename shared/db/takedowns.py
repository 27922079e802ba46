"""What is taken down and may come back: hidden posts, and suspended users. Reads; `shared.db.takedown_acts` writes.

A hidden post is left out of every read of posts. So are the posts of a suspended user, whose events raise nothing; they
themselves go on as a reader. Users are suspended by the API, or by the optional column `suspended` of the view of
users.
"""

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import Database, DatabaseSnapshot
from shared.db.relations import has_optional
from shared.db.tables import SCHEMA, takedowns

KEEP_MARGIN = timedelta(days=1)  # as that of removed posts


def taken_down(connection: sa.Connection, relation: str, ids: Collection[str]) -> set[str]:
    """Those of these ids that the API took down; needs a connection to our own PostgreSQL."""
    if not ids:
        return set()
    query = sa.text(f"SELECT id FROM {SCHEMA}.takedowns WHERE relation = :relation AND id = ANY(:ids)")
    return set(connection.scalars(query, {"relation": relation, "ids": list(ids)}))


def hidden_posts(snapshot: DatabaseSnapshot, post_ids: Collection[str]) -> set[str]:
    """Those of these posts that the API hid."""
    return taken_down(snapshot.connection(snapshot.database.own), "posts", post_ids)


def suspended_users(snapshot: DatabaseSnapshot, user_ids: Collection[str]) -> set[str]:
    """Those of these users whom the API suspended; `known_users` leaves out those whom the view calls suspended."""
    return taken_down(snapshot.connection(snapshot.database.own), "users", user_ids)


def suspended_lately(connection: sa.Connection, *, keep_for: timedelta) -> list[str]:
    """Users whom the API suspended so lately that a list or chain may still contain their posts."""
    lately = takedowns.c.created_at >= sa.func.now() - (keep_for + KEEP_MARGIN)
    return list(connection.scalars(sa.select(takedowns.c.id).where(takedowns.c.relation == "users", lately)))


def forget_takedown(connection: sa.Connection, relation: str, name: str) -> bool:
    """End a takedown; False if there was none."""
    named = (takedowns.c.relation == relation) & (takedowns.c.id == name)
    return connection.execute(takedowns.delete().where(named)).rowcount == 1


def read_takedowns(database: Database) -> dict[str, int]:
    """How many posts the API hides, and how many users it suspends, by relation."""
    counts = sa.select(takedowns.c.relation, sa.func.count()).group_by(takedowns.c.relation)
    with database.begin() as connection:
        return {"posts": 0, "users": 0} | {row[0]: row[1] for row in connection.execute(counts)}


def not_suspended_sql(snapshot: DatabaseSnapshot) -> str:
    """The SQL of a condition for the view of users: it does not call the user suspended. Empty without the column."""
    return " AND suspended IS NOT TRUE" if snapshot.once(_has_column) else ""


def view_of_suspended(snapshot: DatabaseSnapshot) -> str | None:
    """The SQL name of the view of users, if it says who is suspended."""
    source = snapshot.database.source
    return source.name("users") if source is not None and snapshot.once(_has_column) else None


def _has_column(snapshot: DatabaseSnapshot) -> bool:
    source = snapshot.database.source
    return source is not None and has_optional(snapshot.connection(source), source, "users", "suspended")
