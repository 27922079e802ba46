"""Finds missing indexes for Warmline's lookups, for `warmline doctor`; also through views, casts and partitions.

PostgreSQL is asked for its plan of each lookup, with a high cost for sequential scans and for all joins but nested
loops. A table that it still reads completely has no index for the lookup. The lookup is for a recent value, since an
index would be of no use for a value that most rows match.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.db.doctor.plan_scans import WholeScan, shows_indexes, whole_scans, without_brackets
from shared.db.doctor.rows import RowProbe
from shared.domain import InteractionKind
from shared.errors import SourceError

_SECONDS = "58.123457"  # the part of our time that a plan prints the same in every time zone; occurs in no table
_ID = "warmline-doctor-asks"
_LONG_AGO = timedelta(hours=1)
_KINDS = ", ".join(f"'{kind}'" for kind in InteractionKind)
_POST = "id, author_id, caption, image_url, created_at, deleted_at"
_EVENT = "user_id, post_id, kind, created_at"
_BLOCK = "user_id, blocked_user_id, created_at"
# Warmline's lookups: relation, column, selected columns, and the rest of the condition.
LOOKUPS = (
    ("users", "id", "id, created_at", ""),
    ("users", "created_at", "id, created_at", ""),
    ("posts", "id", _POST, " AND deleted_at IS NULL"),
    ("posts", "author_id", _POST, " AND deleted_at IS NULL"),
    ("posts", "created_at", _POST, " AND deleted_at IS NULL"),
    ("interactions", "created_at", _EVENT, f" AND kind IN ({_KINDS})"),
    ("interactions", "user_id", _EVENT, f" AND kind IN ({_KINDS})"),
    ("interactions", "post_id", _EVENT, f" AND kind IN ({_KINDS})"),
    ("blocks", "user_id", _BLOCK, ""),
    ("blocks", "blocked_user_id", _BLOCK, ""),
    ("follows", "user_id", "user_id, author_id", ""),
)
_COSTS = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingIndex:
    """A table that is read completely because an index is missing.

    Attributes:
        serves: the lookups that would become faster, as relation.column.
        table: its name for SQL; for a partition, the partitioned table.
        rows: approximate number in the table.
        expression: what the index must be on; empty if no index would help.
        step: PostgreSQL's name of the step above the tables that tests the condition, if there is one.
        obstacle: why PostgreSQL refuses such an index; empty if it does not.
        is_partitioned: then the index cannot be created CONCURRENTLY.
    """

    serves: tuple[str, ...]
    table: str
    rows: int
    expression: str
    step: str = ""
    obstacle: str = ""
    is_partitioned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupPlans:
    """The results of all plans."""

    missing: Sequence[MissingIndex]  # largest table first, each once
    slow: Sequence[str]  # relation.column whose plan took too long
    unknown: Sequence[str]  # relation.column whose rows come from a foreign table or a function

    def of_relations(self, relations: Collection[str]) -> "LookupPlans":
        """The results for some relations only."""

        def is_wanted(lookup: str) -> bool:
            return lookup.partition(".")[0] in relations

        return LookupPlans(
            missing=[index for index in self.missing if any(map(is_wanted, index.serves))],
            slow=[lookup for lookup in self.slow if is_wanted(lookup)],
            unknown=[lookup for lookup in self.unknown if is_wanted(lookup)],
        )


def find_missing_indexes(probe: RowProbe, wanted: Iterable[tuple[str, str]]) -> LookupPlans:
    """Read the plan of every lookup, and collect the missing indexes.

    Args:
        probe: of the home of the relations.
        wanted: relation and column of those of `LOOKUPS` to check.
    """
    asked = set(wanted)
    slow, unknown = [], []
    serves: dict[WholeScan, list[str]] = {}
    for relation, column, columns, condition in LOOKUPS:
        if (relation, column) not in asked:
            continue
        where = f"{relation}.{column}"
        value, mark = _value(column)
        query = f"SELECT {columns} FROM {probe.name(relation)} WHERE {column} {value}{condition}"
        try:
            plan = probe.plan(query, settings=_COSTS)
        except SourceError:  # the check of its rows will fail in the same way, and report it
            continue
        if plan is None:
            slow.append(where)
            continue
        scans = whole_scans(plan, mark)
        if not scans and not shows_indexes(plan):
            unknown.append(where)
        for scan in scans:
            serves.setdefault(scan, []).append(where)
    return LookupPlans(missing=_missing(probe, serves), slow=slow, unknown=unknown)


def _value(column: str) -> tuple[str, str]:
    """The comparison of a lookup, and the part of it that identifies it in the plan."""
    if column != "created_at":
        return f"= '{_ID}'", _ID
    recent = datetime.now(UTC) - _LONG_AGO
    return f">= '{recent:%Y-%m-%d %H:%M}:{_SECONDS}+00'", _SECONDS


def _missing(probe: RowProbe, serves: Mapping[WholeScan, Sequence[str]]) -> list[MissingIndex]:
    found: dict[tuple[str, str, str], MissingIndex] = {}
    for scan, lookups in serves.items():
        index = _missing_index(probe, scan, tuple(lookups))
        if index is None:
            continue
        key = index.table, index.expression, index.step
        known = found.get(key, index)  # another partition of the same table, or another lookup by the same column
        found[key] = replace(known, serves=tuple(dict.fromkeys(known.serves + index.serves)))
    # A table that is read completely for one lookup may only need the index that another lookup names.
    named = {index.table for index in found.values() if index.expression}
    kept = [index for index in found.values() if index.expression or index.step or index.table not in named]
    return sorted(kept, key=lambda index: -index.rows)


def _missing_index(probe: RowProbe, scan: WholeScan, lookups: tuple[str, ...]) -> MissingIndex | None:
    """The missing index of a table that is read completely; None if the table has the index."""
    table = probe.ask_one(_TABLE, schema=scan.schema, table=scan.table)
    if table is None:
        return None
    if any(without_brackets(key) == without_brackets(scan.expression) for key in table["index_keys"] or ()):
        return None  # PostgreSQL had its reasons not to use it; a second one would change nothing
    expression = _simplest(probe, int(table["id"]), scan.expression)
    return MissingIndex(
        serves=lookups,
        table=table["name"],
        rows=int(table["rows"]),
        expression=expression,
        step=scan.step,
        obstacle=_obstacle(probe, lookups[0].partition(".")[0], int(table["id"]), expression),
        is_partitioned=table["is_partitioned"],
    )


def _simplest(probe: RowProbe, table_id: int, expression: str) -> str:
    """Only the column if a cast changes just the name of its type (character varying to text)."""
    found = re.fullmatch(r'\(("[^"]+"|[\w$]+)\)::text', expression)
    if found is None:
        return expression
    cast = probe.ask_one(_CAST, table=table_id, column=found[1].strip('"'), target="text")
    return found[1] if cast is not None and cast["is_relabelled"] else expression


# A table by name: its approximate number of rows (from the last ANALYZE, else estimated from the size), and the first
# key of each of its indexes. For a partition it describes the whole table, since the index is created there.
_TABLE = """
    WITH scanned AS (
        SELECT c.oid, coalesce(pg_partition_root(c.oid)::oid, c.oid) AS root
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relname = :table
    )
    SELECT scanned.oid AS id, format('%I.%I', n.nspname, root.relname) AS name, root.relkind = 'p' AS is_partitioned,
        (SELECT sum(CASE WHEN leaf.reltuples >= 0 THEN leaf.reltuples ELSE pg_relation_size(leaf.oid) / 100 END)
         FROM pg_class leaf WHERE leaf.relkind <> 'p' AND (leaf.oid = root.oid
              OR leaf.oid IN (SELECT relid FROM pg_partition_tree(root.oid))))::bigint AS rows,
        (SELECT array_agg(pg_get_indexdef(i.indexrelid, 1, false)) FROM pg_index i
         WHERE i.indrelid = scanned.oid AND i.indisvalid AND i.indpred IS NULL) AS index_keys
    FROM scanned JOIN pg_class root ON root.oid = scanned.root JOIN pg_namespace n ON n.oid = root.relnamespace
    """


def _obstacle(probe: RowProbe, relation: str, table_id: int, expression: str) -> str:
    """The part of an expression that depends on more than the row, for which PostgreSQL refuses an index."""
    text = re.sub(r"'(?:[^']|'')*'(?:::\w+(?: varying| precision| with(?:out)? time zone)?)?", "''", expression)
    if named := re.search(r"\b(CURRENT_\w+|LOCALTIME\w*|SESSION_USER)\b", text):
        return named[0]
    functions = [name.strip('"') for name in re.findall(r'("[^"]+"|[a-z_][\w$]*)\(', text)]
    # What `||` appends to a text is a cast in the plan, and is checked as one.
    operators = [name for name in re.findall(r" ([-+*/|<>=~!@#%^&?]+) ", text) if name != "||"]
    for names, query, what in (
        (functions, _UNSTABLE_FUNCTION, "the function {}, which is not marked IMMUTABLE"),
        (operators, _UNSTABLE_OPERATOR, "the operator {}, which depends on the session for these types"),
    ):
        values = {"schema": probe.schema, "relation": relation, "names": names}
        unstable = probe.ask_one(query, **values) if names else None
        if unstable is not None:
            return what.format(unstable["name"])
    for column, target in re.findall(r'\(("[^"]+"|[\w$]+)\)::("[^"]+"|[a-z_][\w$]*(?: [a-z]+)*)', text):
        cast = probe.ask_one(_CAST, table=table_id, column=column.strip('"'), target=target)
        if cast is not None and not cast["is_immutable"]:
            return f"the cast from {cast['source']} to {target}, which depends on the session"
    to_time = re.search(r"\)::(timestamp with(?:out)? time zone|date|time with(?:out)? time zone)", text)
    if to_time and not re.search(rf'\(("[^"]+"|[\w$]+){re.escape(to_time[0])}', text):
        return f"the cast to {to_time[1]}, which depends on the session"
    return ""


# A view and the views below it, as PostgreSQL's rewrite rules.
_RULES = """
    WITH RECURSIVE views AS (
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relname = :relation
        UNION
        SELECT d.refobjid FROM views JOIN pg_rewrite r ON r.ev_class = views.oid
        JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass
            AND d.refclassid = 'pg_class'::regclass
    ), rules AS (
        SELECT r.ev_action::text AS tree FROM views JOIN pg_rewrite r ON r.ev_class = views.oid
    )
    """
# One of the named functions (or operators) that is used in a form that is not immutable.
_UNSTABLE_FUNCTION = f"""{_RULES}
    SELECT p.proname AS name
    FROM rules CROSS JOIN LATERAL regexp_matches(tree, '[:]funcid ([0-9]+)', 'g') AS called
    JOIN pg_proc p ON p.oid = called[1]::oid WHERE p.provolatile <> 'i' AND p.proname = ANY(:names) LIMIT 1
    """
_UNSTABLE_OPERATOR = f"""{_RULES}
    SELECT o.oprname AS name
    FROM rules CROSS JOIN LATERAL regexp_matches(tree, '[:]opno ([0-9]+)', 'g') AS called
    JOIN pg_operator o ON o.oid = called[1]::oid JOIN pg_proc p ON p.oid = o.oprcode
    WHERE p.provolatile <> 'i' AND o.oprname = ANY(:names) LIMIT 1
    """
_CAST = """
    SELECT format_type(a.atttypid, NULL) AS source, CASE
        WHEN a.atttypid = to_regtype(:target) OR c.castmethod = 'b' THEN true
        WHEN c.castmethod = 'f' THEN (SELECT provolatile = 'i' FROM pg_proc WHERE oid = c.castfunc)
        ELSE (SELECT bool_and(provolatile = 'i') FROM pg_proc WHERE oid IN (own.typoutput, goal.typinput)) END
        AS is_immutable, c.castmethod = 'b' AS is_relabelled
    FROM pg_attribute a JOIN pg_type own ON own.oid = a.atttypid
    LEFT JOIN pg_type goal ON goal.oid = to_regtype(:target)
    LEFT JOIN pg_cast c ON c.castsource = a.atttypid AND c.casttarget = goal.oid
    WHERE a.attrelid = :table AND a.attname = :column
    """
