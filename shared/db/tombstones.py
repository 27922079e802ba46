"""Tombstones: what was deleted or erased, as a salted SHA-256 and never as an id.

Somebody who has the whole database can still try ids one by one; a list of what must not come back cannot hide more.
So tombstones never leave our database: what the team's views still contain is filtered here, and no statement to the
team's PostgreSQL contains the secret, a digest or an erased id.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.engine import DatabaseSnapshot
from shared.db.tables import SCHEMA

_OUR_SECRET = f"(SELECT secret FROM {SCHEMA}.installation)"
FEW = 1000  # up to so many ids are looked up in our PostgreSQL; for more, all tombstones are read
_LOCK = 0x7761726E  # an erasure waits for writes under way, and later writes see its tombstones


def digest_sql(column: str) -> str:
    """The SQL of a column's digest as in tombstones; only for our own PostgreSQL."""
    return f"sha256(convert_to({_OUR_SECRET} || CAST({column} AS text), 'UTF8'))"


def bury(connection: sa.Connection, relation: str, ids: Collection[str]) -> None:
    """Add tombstones; existing ones stay as they are."""
    connection.execute(
        sa.text(
            f"""
            INSERT INTO {SCHEMA}.tombstones (relation, digest)
            SELECT :relation, {digest_sql("id")} FROM unnest(CAST(:ids AS text[])) AS t(id) ON CONFLICT DO NOTHING
            """
        ),
        {"relation": relation, "ids": list(ids)},
    )


def buried(connection: sa.Connection, relation: str, ids: Collection[str]) -> set[str]:
    """Those of these ids that have a tombstone; needs a connection to our own PostgreSQL."""
    found = connection.execute(
        sa.text(
            f"""
            SELECT id FROM unnest(CAST(:ids AS text[])) AS t(id)
            JOIN {SCHEMA}.tombstones ON relation = :relation AND digest = {digest_sql("id")}
            """
        ),
        {"relation": relation, "ids": list(ids)},
    )
    return {name for (name,) in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstones:
    """All tombstones of a relation, to check many ids."""

    secret: bytes
    buried_at: Mapping[bytes, float]  # digest → seconds since 1970

    def __len__(self) -> int:
        return len(self.buried_at)

    def times_of(self, ids: Iterable[bytes]) -> dict[bytes, float]:
        """Those of these ids (in UTF-8) that have a tombstone, and since when."""
        secret, buried_at, sha256 = self.secret, self.buried_at, hashlib.sha256
        return {name: buried_at[digest] for name in ids if (digest := sha256(secret + name).digest()) in buried_at}


def user_tombstones(snapshot: DatabaseSnapshot) -> Tombstones:
    """All tombstones of users. Call it by `snapshot.once`."""
    return _tombstones(snapshot, "users")


def post_tombstones(snapshot: DatabaseSnapshot) -> Tombstones:
    """All tombstones of posts. Call it by `snapshot.once`."""
    return _tombstones(snapshot, "posts")


_TOMBSTONES = {"users": user_tombstones, "posts": post_tombstones}


def buried_in_views(snapshot: DatabaseSnapshot, relation: str, ids: Collection[str]) -> set[str]:
    """Those of these ids that have a tombstone, if the team's views may still contain them.

    An empty set if the relations are our own tables, which contain nothing erased.
    """
    if not snapshot.database.has_views or not ids:
        return set()
    if len(ids) <= FEW:
        return buried(snapshot.connection(snapshot.database.own), relation, ids)
    return {name.decode() for name in snapshot.once(_TOMBSTONES[relation]).times_of(map(str.encode, ids))}


def _tombstones(snapshot: DatabaseSnapshot, relation: str) -> Tombstones:
    """Empty if the relations are our own tables."""
    if not snapshot.database.has_views:
        return Tombstones(secret=b"", buried_at={})
    connection = snapshot.connection(snapshot.database.own)
    found = connection.execute(
        sa.text(
            f"SELECT digest, extract(epoch FROM created_at)::float8 FROM {SCHEMA}.tombstones WHERE relation = :relation"
        ),
        {"relation": relation},
    )
    secret: str = connection.scalar(sa.text(f"SELECT {_OUR_SECRET}")) or ""
    return Tombstones(secret=secret.encode(), buried_at={bytes(digest): at for digest, at in found})


def hold_off_erasures(connection: sa.Connection) -> None:
    """Wait for an erasure under way; no other one begins before this transaction ends."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


def hold_off_writes(connection: sa.Connection) -> None:
    """Wait for writes under way that tombstones decide on; no other one begins before this transaction ends."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
