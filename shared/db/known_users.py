"""Which users count: with views, those in the view of users (`shared.db.id_hashes` has the same rule for id hashes).

A post whose author is not in that view, or is suspended there, is shown to nobody, as if it were not in the view of
posts. In our own tables every user who acts is added (`add_missing_users`), so that all users count. The posts of users
whom the API suspended are withheld by their author: see `shown_authors`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from shared.db.array_literals import text_array
from shared.db.engine import DatabaseSnapshot
from shared.db.tables import SCHEMA
from shared.db.takedowns import not_suspended_sql, suspended_users
from shared.db.tombstones import buried_in_views

_ID_BATCH = 10_000


def known_users(snapshot: DatabaseSnapshot, ids: Collection[str]) -> set[str]:
    """Those of these users who count; erased users and those whom the view calls suspended do not."""
    if not snapshot.database.has_views:
        return set(ids)
    ((connection, name),) = snapshot.homes("users")
    query = sa.text(f"SELECT id FROM {name} WHERE id = ANY(:ids){not_suspended_sql(snapshot)}")
    wanted, known = sorted({*ids} - buried_in_views(snapshot, "users", ids)), set[str]()
    for start in range(0, len(wanted), _ID_BATCH):
        known.update(connection.scalars(query, {"ids": wanted[start : start + _ID_BATCH]}))
    return known


def shown_authors(snapshot: DatabaseSnapshot, ids: Collection[str]) -> set[str]:
    """Those of these users whose posts may be shown: they count, and are not suspended."""
    return known_users(snapshot, ids) - suspended_users(snapshot, ids)


def author_is_known_sql(snapshot: DatabaseSnapshot) -> str:
    """The SQL of a condition for the posts relation: the author counts.

    It is expensive, being a join with all users. For the few reads that would otherwise have to be repeated until there
    are enough posts.
    """
    if not snapshot.database.has_views:
        return ""
    (home,) = snapshot.database.homes("users")  # the posts are in the same home
    users = f"SELECT CAST(known.id AS text) FROM {home.name('users')} AS known WHERE true{not_suspended_sql(snapshot)}"
    return f" AND CAST(author_id AS text) IN ({users})"


def add_missing_users(connection: sa.Connection, acted_at: Mapping[str, datetime | None]) -> None:
    """Add missing users to our own table; they count as joined when they first acted (None: now).

    Call it before writing anything else of these users. It writes in the order of ids, so that two concurrent writes
    cannot deadlock. The caller has refused erased users.
    """
    if not acted_at:
        return
    users = sorted(acted_at)
    query = f"""
        INSERT INTO {SCHEMA}.users (id, created_at)
        SELECT id, least(coalesce(at, now()), now())
        FROM unnest(CAST(:ids AS text[]), CAST(:times AS timestamptz[])) AS t(id, at)
        ON CONFLICT (id) DO NOTHING
        """
    times = [acted_at[user] for user in users]
    values = {"ids": text_array(users), "times": text_array([at.isoformat() if at else None for at in times])}
    connection.execute(sa.text(query), values)
