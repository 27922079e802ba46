"""Version and size of PostgreSQL, for the operator; counts no rows."""

from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """The server's version, and the size of the schema `warmline`."""

    version: str
    bytes: int


def read_state(database: Database) -> DatabaseState:
    """Read both.

    Raises:
        StoreUnavailable: it does not answer.
    """
    sizes = sa.text(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relkind = 'r'"
    )
    with database.begin() as connection:
        version = str(connection.scalar(sa.text("SHOW server_version")))
        return DatabaseState(
            version=version.partition(" ")[0], bytes=int(connection.scalar(sizes, {"schema": SCHEMA}) or 0)
        )
