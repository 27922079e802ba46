"""Looks at rights, indexes and amounts for `warmline doctor`; bounded like all of `shared.db.doctor`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.db.doctor import Probe
from shared.db.engine import RELATIONS
from shared.domain import POSITIVE_KINDS

POSITIVES_COUNTED = 200_000
POSTS_COUNTED = 10_000
WARM_POSITIVES = 3  # as COLD_MIN_POSITIVES
_INSTANT = "1999-12-31 23:59:58.123+00"  # values that stand in no table, to be found again in a plan
_ID = "warmline-doctor-asks"
# What Warmline looks up: relation, column, condition.
LOOKUPS = (
    ("users", "id", f"id = '{_ID}'"),
    ("users", "created_at", f"created_at >= '{_INSTANT}'"),
    ("posts", "id", f"id = '{_ID}' AND deleted_at IS NULL"),
    ("posts", "author_id", f"author_id = '{_ID}' AND deleted_at IS NULL"),
    ("posts", "created_at", f"created_at >= '{_INSTANT}' AND deleted_at IS NULL"),
    ("interactions", "user_id", f"user_id = '{_ID}'"),
    ("interactions", "post_id", f"post_id = '{_ID}'"),
    ("interactions", "created_at", f"created_at >= '{_INSTANT}'"),
    ("blocks", "user_id", f"user_id = '{_ID}'"),
    ("blocks", "blocked_user_id", f"blocked_user_id = '{_ID}'"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """How PostgreSQL would find rows of a relation by a column if an index were all that it may use."""

    relation: str
    column: str
    is_indexed: bool | None  # None: the plan does not tell (a foreign table, say)
    table: str = ""  # the table under the view that would be read whole
    rows: int = 0  # of that table, about
    expression: str = ""  # what an index would have to be on


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What our role may do with a relation."""

    role: str
    is_superuser: bool
    may_read: bool
    may_write: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What there is to learn from, each counted up to a bound."""

    positives: int
    warm_users: int  # with enough positives not to be cold
    posts: int


def look_at_rights(probe: Probe) -> Mapping[str, Rights]:
    """The rights on each relation that is there."""
    query = """
        SELECT c.relname, current_user AS role, r.rolsuper,
               has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read,
               has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS may_write
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.rolname = current_user
        WHERE n.nspname = :schema AND c.relname = ANY(:relations)
        """
    return {
        row["relname"]: Rights(
            role=row["role"], is_superuser=row["rolsuper"], may_read=row["may_read"], may_write=row["may_write"]
        )
        for row in probe.ask(query, schema=probe.schema, relations=list(RELATIONS)) or ()
    }


def look_at_lookup(probe: Probe, relation: str, column: str, condition: str) -> Lookup | None:
    """Whether an index serves a lookup, through views too.

    PostgreSQL is asked for its plan with sequential scans made expensive: if the condition then still is no index
    condition, no index can serve it. That sees through views, casts and partitions, which `pg_index` alone does not.
    """
    mark = _ID if column != "created_at" else _INSTANT.partition(" ")[0]  # the rest of a time is printed our zone's way
    rows = probe.ask(
        f"EXPLAIN (VERBOSE, FORMAT JSON) SELECT 1 FROM {probe.name(relation)} WHERE {condition}", index_only=True
    )
    if not rows:
        return None
    nodes = list(_nodes(rows[0]["QUERY PLAN"][0]["Plan"]))
    scan = next((node for node in nodes if mark in node.get("Filter", "")), None)
    if scan is None:
        served = any(mark in node.get("Index Cond", "") for node in nodes)
        return Lookup(relation=relation, column=column, is_indexed=True if served else None)
    return Lookup(
        relation=relation,
        column=column,
        is_indexed=False,
        table=f"{scan.get('Schema', '?')}.{scan.get('Relation Name', '?')}",
        rows=_rows_of(probe, scan),
        expression=_tested(scan["Filter"], mark, alias=scan.get("Alias", "")),
    )


def count_amounts(probe: Probe) -> Amounts | None:
    """What a training would find."""
    kinds = ", ".join(f"'{kind}'" for kind in sorted(POSITIVE_KINDS))
    query = f"""
        WITH positives AS MATERIALIZED (
            SELECT user_id, post_id FROM {probe.name("interactions")} WHERE kind IN ({kinds}) LIMIT {POSITIVES_COUNTED}
        )
        SELECT (SELECT count(*) FROM positives) AS positives,
               (SELECT count(*) FROM (
                   SELECT FROM positives GROUP BY user_id HAVING count(DISTINCT post_id) >= {WARM_POSITIVES}
               ) AS warm) AS warm_users,
               (SELECT count(*) FROM (
                   SELECT FROM {probe.name("posts")} WHERE deleted_at IS NULL LIMIT {POSTS_COUNTED}
               ) AS living) AS posts
        """
    row = probe.ask_one(query)
    return None if row is None else Amounts(**row)


def sample_posts(probe: Probe, *, count: int) -> list[Mapping[str, Any]] | None:
    """A few of the newest posts that Warmline would show to anyone, drawn at random."""
    query = f"""
        SELECT id, caption, image_url FROM (
            SELECT id, caption, image_url FROM {probe.name("posts")}
            WHERE deleted_at IS NULL AND created_at <= now() ORDER BY created_at DESC LIMIT 1000
        ) AS newest ORDER BY random() LIMIT {count}
        """
    rows = probe.ask(query)
    return None if rows is None else [dict(row) for row in rows]


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _tested(condition: str, mark: str, *, alias: str) -> str:
    """The expression that a condition compares with our value, without the table's alias; the whole if it is odd.

    `((p.deleted_at IS NULL) AND ((p.id)::text = 'mark'::text))` gives `(id)::text`.
    """
    before = condition.partition(f"'{mark}")[0].rstrip(" =><")
    depth, start = 0, len(before)
    while start and depth >= 0:
        start -= 1
        depth += {")": 1, "(": -1}.get(before[start], 0)
    expression = before[start + 1 :] if depth < 0 else condition
    return expression.replace(f"{alias}.", "") if alias else expression


def _rows_of(probe: Probe, node: Mapping[str, Any]) -> int:
    """About how many rows a table has: as last counted, or guessed from its size when it never was."""
    query = """
        SELECT CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE pg_relation_size(c.oid) / 100 END::bigint AS rows
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relname = :table
        """
    row = probe.ask_one(query, schema=node.get("Schema", ""), table=node.get("Relation Name", ""))
    return int(row["rows"]) if row else 0
