"""Tombstones: what was deleted or erased, known by a salted SHA-256 and never by its id.

Whoever has the whole database can still try ids one by one: a list of what must not come back cannot hide more. So it
stays in it: what the team's views still show is filtered here, and neither secret nor digest nor the id of what was
erased stands in a statement that their PostgreSQL is sent.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.engine import Snapshot
from shared.db.tables import SCHEMA

_OUR_SECRET = f"(SELECT secret FROM {SCHEMA}.installation)"
FEW = 1000  # ids that our own PostgreSQL is asked about; for more, all tombstones are read
_LOCK = 0x7761726E  # an erasure waits for the writes under way, and those that come after it see its tombstone


def digest_sql(column: str) -> str:
    """The SQL of a column's digest, as tombstones hold it; for our own PostgreSQL."""
    return f"sha256(convert_to({_OUR_SECRET} || CAST({column} AS text), 'UTF8'))"


def bury(connection: sa.Connection, relation: str, ids: Collection[str]) -> None:
    """Make tombstones; those that are there stay."""
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
    """Those of these ids that have a tombstone; on a connection to our own PostgreSQL."""
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
    """All tombstones of a relation, for ids by the thousand and the million."""

    secret: bytes
    buried_at: Mapping[bytes, float]  # digest → seconds since 1970

    def __len__(self) -> int:
        return len(self.buried_at)

    def times_of(self, ids: Iterable[bytes]) -> dict[bytes, float]:
        """Those of these ids (in UTF-8) that were buried, and when."""
        secret, buried_at, sha256 = self.secret, self.buried_at, hashlib.sha256
        return {each: buried_at[digest] for each in ids if (digest := sha256(secret + each).digest()) in buried_at}


def user_tombstones(snapshot: Snapshot) -> Tombstones:
    """Those of users. Ask by `snapshot.once`."""
    return _tombstones(snapshot, "users")


def post_tombstones(snapshot: Snapshot) -> Tombstones:
    """Those of posts. Ask by `snapshot.once`."""
    return _tombstones(snapshot, "posts")


_TOMBSTONES = {"users": user_tombstones, "posts": post_tombstones}


def buried_in_views(snapshot: Snapshot, relation: str, ids: Collection[str]) -> set[str]:
    """Those of these ids that have a tombstone, where the team's views may still show them.

    None where the relations are our own: what was erased is not in them.
    """
    if not snapshot.database.has_views or not ids:
        return set()
    if len(ids) <= FEW:
        return buried(snapshot.connection(snapshot.database.own), relation, ids)
    return {each.decode() for each in snapshot.once(_TOMBSTONES[relation]).times_of(map(str.encode, ids))}


def _tombstones(snapshot: Snapshot, relation: str) -> Tombstones:
    """None where the relations are our own."""
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
    """Until this transaction ends, no erasure begins; one under way is waited for."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


def hold_off_writes(connection: sa.Connection) -> None:
    """Until this transaction ends, nothing that tombstones decide on is written."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
