"""Tombstones: what was deleted or erased, known by a salted SHA-256 and never by its id.

Whoever has the whole database can still try ids one by one: a list of what must not come back cannot hide more.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from shared.db.engine import Snapshot
from shared.db.tables import SCHEMA

_OUR_SECRET = f"(SELECT secret FROM {SCHEMA}.installation)"
_LOCK = 0x7761726E  # an erasure waits for the writes under way, and those that come after it see its tombstone


def digest_of(column: str, secret: str = _OUR_SECRET) -> str:
    """The SQL of a column's digest, as tombstones hold it."""
    return f"sha256(convert_to({secret} || CAST({column} AS text), 'UTF8'))"


def bury(connection: sa.Connection, relation: str, ids: Sequence[str]) -> None:
    """Make tombstones; those that are there stay."""
    connection.execute(
        sa.text(
            f"""
            INSERT INTO {SCHEMA}.tombstones (relation, digest)
            SELECT :relation, {digest_of("id")} FROM unnest(CAST(:ids AS text[])) AS t(id) ON CONFLICT DO NOTHING
            """
        ),
        {"relation": relation, "ids": list(ids)},
    )


def buried(connection: sa.Connection, relation: str, ids: Sequence[str]) -> set[str]:
    """Those of these ids that have a tombstone; on a connection to our own PostgreSQL."""
    found = connection.execute(
        sa.text(
            f"""
            SELECT id FROM unnest(CAST(:ids AS text[])) AS t(id)
            JOIN {SCHEMA}.tombstones ON relation = :relation AND digest = {digest_of("id")}
            """
        ),
        {"relation": relation, "ids": list(ids)},
    )
    return {name for (name,) in found}


def unless_buried(snapshot: Snapshot, relation: str, *columns: str) -> str:
    """The SQL of a condition, for queries of the team's PostgreSQL: none of these columns names what has a tombstone.

    The digests travel with the query, for the team's views are never joined with our tables. Nothing is computed where
    there is no tombstone, or where the relations are our own (what was erased is not in them).
    """
    if not snapshot.database.has_views:
        return ""
    connection = snapshot.connection(snapshot.database.own)
    found = connection.execute(
        sa.text(f"SELECT encode(digest, 'hex') FROM {SCHEMA}.tombstones WHERE relation = :relation"),
        {"relation": relation},
    )
    digests = [digest for (digest,) in found]
    if not digests:
        return ""
    secret = connection.scalar(sa.text(f"SELECT secret FROM {SCHEMA}.installation"))
    gone = "'{" + ",".join(digests) + "}'::text[]"  # hexadecimal digits, as the secret is
    return "".join(
        f" AND NOT EXISTS (SELECT FROM unnest({gone}) AS gone(digest)"
        f" WHERE gone.digest = encode({digest_of(column, repr(secret))}, 'hex'))"
        for column in columns
    )


def unless_post_is_buried(snapshot: Snapshot) -> str:
    """The same for the posts relation: neither the post was deleted by the API nor its author erased."""
    return unless_buried(snapshot, "posts", "id") + unless_buried(snapshot, "users", "author_id")


def hold_off_erasures(connection: sa.Connection) -> None:
    """Until this transaction ends, no erasure begins; one under way is waited for."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


def hold_off_writes(connection: sa.Connection) -> None:
    """Until this transaction ends, nothing that tombstones decide on is written."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
