"""Reads rights and amounts of data for `warmline doctor`; bounded like `shared.db.doctor.rows`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.db.cures import DOCUMENTS, NUMBERS, TEXTS, ColumnType
from shared.db.doctor.rows import SAMPLE_ROWS, RowProbe
from shared.db.engine import RELATIONS
from shared.domain import POSITIVE_KINDS

POSITIVES_COUNTED = 200_000
POSTS_COUNTED = 10_000
WARM_POSITIVES = 3  # as COLD_MIN_POSITIVES


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationRights:
    """The rights of our role on a relation."""

    role: str
    is_superuser: bool
    may_read: bool
    may_write: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRole:
    """The role of our connection."""

    name: str
    is_superuser: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCounts:
    """Amounts of training data, each counted up to a bound."""

    positives: int  # distinct pairs of a user and a post, as in `shared.readiness`
    warm_users: int  # with enough positives not to be cold
    posts: int


def look_at_rights(probe: RowProbe) -> Mapping[str, RelationRights]:
    """The rights on each existing relation."""
    query = """
        SELECT c.relname, current_user AS role, r.rolsuper,
               has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read,
               has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS may_write
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.rolname = current_user
        WHERE n.nspname = :schema AND c.relname = ANY(:relations)
        """
    return {
        row["relname"]: RelationRights(
            role=row["role"], is_superuser=row["rolsuper"], may_read=row["may_read"], may_write=row["may_write"]
        )
        for row in probe.ask(query, schema=probe.schema, relations=list(RELATIONS)) or ()
    }


def look_at_role(probe: RowProbe) -> DatabaseRole | None:
    """Our role in this PostgreSQL."""
    query = "SELECT rolname AS name, rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user"
    row = probe.ask_one(query)
    return None if row is None else DatabaseRole(**row)


def count_amounts(probe: RowProbe) -> TrainingCounts | None:
    """The amounts of data that a training would find."""
    kinds = ", ".join(f"'{kind}'" for kind in sorted(POSITIVE_KINDS))
    query = f"""
        WITH positives AS MATERIALIZED (
            SELECT user_id, post_id FROM {probe.name("interactions")} WHERE kind IN ({kinds}) LIMIT {POSITIVES_COUNTED}
        )
        SELECT (SELECT count(*) FROM (SELECT DISTINCT user_id, post_id FROM positives) AS pairs) AS positives,
               (SELECT count(*) FROM (
                   SELECT FROM positives GROUP BY user_id HAVING count(DISTINCT post_id) >= {WARM_POSITIVES}
               ) AS warm) AS warm_users,
               (SELECT count(*) FROM (
                   SELECT FROM {probe.name("posts")} WHERE deleted_at IS NULL LIMIT {POSTS_COUNTED}
               ) AS living) AS posts
        """
    row = probe.ask_one(query)
    return None if row is None else TrainingCounts(**row)


def sample_posts(probe: RowProbe, *, count: int, with_image: bool = False) -> list[Mapping[str, Any]] | None:
    """A random sample of the newest posts that Warmline may show."""
    condition = "AND btrim(image_url) <> ''" if with_image else ""
    query = f"""
        SELECT id::text AS id, caption::text AS caption, image_url::text AS image_url FROM (
            SELECT id, caption, image_url FROM {probe.name("posts")}
            WHERE deleted_at IS NULL AND created_at <= now() {condition} ORDER BY created_at DESC LIMIT 1000
        ) AS newest ORDER BY random() LIMIT {count}
        """
    rows = probe.ask(query)
    return None if rows is None else [dict(row) for row in rows]


def value_of(probe: RowProbe, relation: str, column: str, got: ColumnType) -> Any:
    """An example from a column of the wrong type (the largest of numbers), to suggest a conversion; None: none."""
    sample = (
        f"(SELECT {column} AS value FROM {probe.name(relation)} WHERE {column} IS NOT NULL LIMIT {SAMPLE_ROWS}) AS s"
    )
    if got.name in NUMBERS:
        row = probe.ask_one(f"SELECT max(abs(value)) AS value FROM {sample}")
    elif got.name in DOCUMENTS:
        row = probe.ask_one(f"SELECT value::jsonb AS value FROM {sample} LIMIT 1")
    elif got.name in TEXTS:
        row = probe.ask_one(f"SELECT value::text AS value FROM {sample} LIMIT 1")
    else:
        return None
    return row["value"] if row is not None else None
