"""How many rows and bytes PostgreSQL holds, and how quickly it gives rows: what `warmline capacity` reckons with.

Like `bulk`, this module imports numpy.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.binary_copy import copy_binary
from shared.db.bulk import key_of
from shared.db.engine import RELATIONS, Database
from shared.db.tables import SCHEMA
from shared.db.timestamps import seconds_of

SAMPLE_ROWS = 50_000  # read from PostgreSQL to know how quick it is: a tenth of a second
VECTORS = "post_vectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is there now."""

    rows: Mapping[str, int]  # by relation, in all homes of it
    table_bytes: Mapping[str, int]  # by our own table, with its indexes
    vectors: int  # stored, of photos and captions together

    @property
    def bytes(self) -> int:
        """All tables of the schema `warmline`."""
        return sum(self.table_bytes.values())


def held(database: Database) -> Held:
    """Count the relations, and weigh our own tables."""
    rows = {}
    with database.read() as snapshot:
        for relation in RELATIONS:
            counts = [
                connection.scalar(sa.text(f"SELECT count(*) FROM {name}"))
                for connection, name in snapshot.each(relation)
            ]
            rows[relation] = sum(int(count or 0) for count in counts)
    weigh = sa.text(
        """
        SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind = 'r'
        """
    )
    with database.begin() as connection:
        sizes = {row[0]: int(row[1]) for row in connection.execute(weigh, {"schema": SCHEMA})}
        vectors = connection.scalar(sa.text(f"SELECT count(*) FROM {SCHEMA}.{VECTORS} WHERE vector IS NOT NULL"))
    return Held(rows=rows, table_bytes=sizes, vectors=int(vectors or 0))


def seconds_per_row(database: Database) -> float:
    """How long it takes to get one row of events out of PostgreSQL, as the bulk loads do it."""
    query = f"""
        SELECT {key_of("u")}, {key_of("p")}, 1::int2, {seconds_of("t")}
        FROM (SELECT md5(n::text) AS u, md5((n % 1000)::text) AS p, now() - n * interval '1 s' AS t
              FROM generate_series(1, {SAMPLE_ROWS}) AS n) AS sample
        """
    with database.begin() as connection:
        begun = time.perf_counter()
        copy_binary(connection, query, {"user": ">i8", "post": ">i8", "kind": ">i2", "at": ">f8"})
        return (time.perf_counter() - begun) / SAMPLE_ROWS
