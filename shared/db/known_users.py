"""Who counts: over views the view of users is the authority (`shared.db.bulk` says the same of millions, by key).

A post by somebody who is not in that view is shown to nobody, as if it were not in the view of posts. In our own tables
whoever acts is made known (`add_missing_users`), so that everybody counts there.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from shared.db.engine import Snapshot
from shared.db.tables import SCHEMA
from shared.db.tombstones import buried_in_views

_ID_BATCH = 10_000


def known_users(snapshot: Snapshot, ids: Collection[str]) -> set[str]:
    """Those of these ids who count; nobody who was erased does."""
    if not snapshot.database.has_views:
        return set(ids)
    ((connection, name),) = snapshot.homes("users")
    query = sa.text(f"SELECT id FROM {name} WHERE id = ANY(:ids)")
    wanted, known = sorted({*ids} - buried_in_views(snapshot, "users", ids)), set[str]()
    for start in range(0, len(wanted), _ID_BATCH):
        known.update(connection.scalars(query, {"ids": wanted[start : start + _ID_BATCH]}))
    return known


def author_is_known_sql(snapshot: Snapshot) -> str:
    """The SQL of a condition, for queries of the posts relation: its author counts.

    A join with all users, so dear; for the few reads that would otherwise have to go on until they found enough posts.
    """
    if not snapshot.database.has_views:
        return ""
    (home,) = snapshot.database.homes("users")  # where the posts are, too
    return f" AND CAST(author_id AS text) IN (SELECT CAST(known.id AS text) FROM {home.name('users')} AS known)"


def add_missing_users(connection: sa.Connection, acted_at: Mapping[str, datetime | None]) -> None:
    """Write users of our own table who are not there, as having joined when they first acted (None: now).

    Called before anything else of theirs is written and in the order of ids, so that two writes at once cannot wait for
    each other. The caller has refused those who were erased.
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
    connection.execute(sa.text(query), {"ids": users, "times": [acted_at[user] for user in users]})
