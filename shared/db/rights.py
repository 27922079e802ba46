"""Checks the rights of a job's role before the work instead of failing after it."""

from collections.abc import Mapping

import sqlalchemy as sa

from shared.db.engine import RELATIONS, Database
from shared.db.relations import check_relations
from shared.db.tables import SCHEMA
from shared.errors import SourceError

_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
_ENCODING: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("post_vectors", "photo_fingerprints", "encoding_failures"), _ALL
)
# What the jobs of phase 2 write in the schema `warmline`, besides their runs, which every job writes at its start.
SCORING: Mapping[str, tuple[str, ...]] = {
    **_ENCODING,
    "job_memory": ("SELECT", "INSERT", "UPDATE"),
    "post_rows": ("SELECT", "INSERT", "UPDATE"),
    "model_versions": ("SELECT", "UPDATE"),  # the manifest's hash of a model of an earlier version
}
TRAINING: Mapping[str, tuple[str, ...]] = {
    **_ENCODING,
    "model_versions": ("SELECT", "INSERT", "DELETE"),
    "model_aliases": _ALL,
    "audit": ("SELECT", "INSERT"),
}


def refuse_without_rights(database: Database, wanted: Mapping[str, tuple[str, ...]]) -> None:
    """Select zero rows from each relation, and check that these tables of our own may be written.

    Raises:
        SourceError: which right is missing, and how to grant it; or a relation does not match the contract.
    """
    missing = missing_rights(database, wanted)
    if missing:
        raise SourceError("\n".join(missing))
    with database.read() as snapshot:
        check_relations(database, snapshot)
        for relation in RELATIONS:
            for connection, name in snapshot.homes(relation):
                connection.execute(sa.text(f"SELECT FROM {name} LIMIT 0"))


def missing_rights(database: Database, wanted: Mapping[str, tuple[str, ...]]) -> list[str]:
    """One line for each of our own tables on which our role lacks a right."""
    pairs = [(table, right) for table, rights in wanted.items() for right in rights]
    query = sa.text(
        f"""
        SELECT current_user, name, string_agg(privilege, ', ' ORDER BY privilege)
        FROM unnest(CAST(:names AS text[]), CAST(:privileges AS text[])) AS wanted (name, privilege)
        WHERE NOT has_table_privilege('{SCHEMA}.' || name, privilege) GROUP BY name ORDER BY name
        """
    )
    values = {"names": [table for table, _ in pairs], "privileges": [right for _, right in pairs]}
    with database.begin() as connection:
        return [
            f"{SCHEMA}.{table}: role {role} may not {rights}; GRANT {rights} ON {SCHEMA}.{table} TO {role};"
            for role, table, rights in connection.execute(query, values)
        ]
