"""How many rows and bytes PostgreSQL holds, for `warmline capacity`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from shared.db.engine import RELATIONS, Database, DatabaseSnapshot
from shared.db.tables import SCHEMA, metadata

VECTORS = "post_vectors"
SAID = ("mutes", "preferences", "viewer_settings", "follows")  # what users say of their timelines, in our own tables
RATE_WINDOW = timedelta(days=7)
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAmounts:
    """Present amounts."""

    rows: Mapping[str, int]  # by relation, of all its homes
    photos: int  # posts with a photo
    own_rows: Mapping[str, int]  # by our own table; those that grow
    table_bytes: Mapping[str, int]  # by our own table, including its indexes
    vectors: Mapping[str, int]  # stored, by part

    @property
    def bytes(self) -> int:
        """All tables of the schema `warmline`."""
        return sum(self.table_bytes.values())


def read_stored_amounts(database: Database) -> StoredAmounts:
    """Count the rows of the relations, and read the sizes of our own tables."""
    with database.read() as snapshot:
        rows = {relation: _count(snapshot, relation) for relation in RELATIONS}
        photos = _count(snapshot, "posts", "image_url <> ''")
    table_sizes = sa.text(
        """
        SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind = 'r'
        """
    )
    with database.begin() as connection:
        sizes = {row[0]: int(row[1]) for row in connection.execute(table_sizes, {"schema": SCHEMA})}
        own = {name: _rows_of(connection, name) for name in (*RELATIONS, *SAID, "post_rows", VECTORS)}
        by_part = f"SELECT part, count(*) FROM {SCHEMA}.{VECTORS} GROUP BY part"
        vectors = {part: int(count) for part, count in connection.execute(sa.text(by_part))}
    return StoredAmounts(rows=rows, photos=photos, own_rows=own, table_bytes=sizes, vectors=vectors)


def read_event_rates(database: Database, *, now: datetime) -> dict[str, float]:
    """Events a day that came to our own table in the last week, by kind; of the first week, since the first event."""
    query = f"""
        SELECT kind, count(*), min(created_at) FROM {SCHEMA}.interactions
        WHERE created_at >= :since AND created_at <= :now GROUP BY kind
        """
    with database.begin() as connection:
        found = connection.execute(sa.text(query), {"since": now - RATE_WINDOW, "now": now}).all()
    if not found:
        return {}
    days = max(1.0, (now - min(first for _, _, first in found)).total_seconds() / SECONDS_PER_DAY)
    return {kind: count / days for kind, count, _ in found}


def _count(snapshot: DatabaseSnapshot, relation: str, condition: str = "true") -> int:
    query = "SELECT count(*) FROM {} WHERE {}"
    counts = [
        connection.scalar(sa.text(query.format(name, condition))) for connection, name in snapshot.homes(relation)
    ]
    return sum(int(count or 0) for count in counts)


def _rows_of(connection: sa.Connection, name: str) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables[f"{SCHEMA}.{name}"])) or 0)
