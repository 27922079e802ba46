"""Measures the four relations for `warmline doctor`; the meaning of the figures is decided in `warmline`.

Safe for a live database: one read-only transaction, every statement bounded by a timeout and by a LIMIT. A query that
takes too long has no result (None), which is itself a finding.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.db.engine import RelationHome, first_line
from shared.db.relations import CONTRACT, usable_id_sql
from shared.db.timestamps import seconds_sql
from shared.domain import CLOCK_TOLERANCE
from shared.errors import SourceError
from shared.text.printable import STEERING_CHARACTERS

STATEMENT_SECONDS = 5
SAMPLE_ROWS = 50_000  # newest rows of a relation that are checked
RECENT_EVENTS = 10_000
EXAMPLES = 3
OLDEST = "1990-01-01"  # no photo app is older; an earlier time is some program's zero
MAX_OLD = 1_000  # counting stops there
_CANCELLED = "57014"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShare:
    """How many of how many rows, with the names of a few."""

    count: int
    total: int
    examples: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """Between 0 and 1; 0 if there are no rows."""
        return self.count / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyEvents:
    """Events dated before their post, and by how much (first percentile)."""

    share: RowShare
    hours: float  # 0 or negative


_TAG = r"<(p|br|a|span|div|b|i|em|strong|ul|li|img)(\s[^>]*)?/?>"
_STEERING = STEERING_CHARACTERS.replace("\\", "\\\\")
_AHEAD = f"now() + interval '{CLOCK_TOLERANCE.total_seconds():.0f} seconds'"
_TIMES = {"no_time": "created_at IS NULL", "future": f"created_at > {_AHEAD}"}
# relation → what names a row
ROW_NAMES = {
    "users": "id",
    "posts": "id",
    "interactions": "concat_ws(' ', user_id, kind, post_id)",
    "blocks": "concat_ws(' ', user_id, blocked_user_id)",
}
# relation → check → the rows that it counts
ROW_CHECKS: dict[str, dict[str, str]] = {
    "users": {"no_id": "id IS NULL", "unusable_id": f"NOT ({usable_id_sql('id')})", **_TIMES},
    "posts": {
        "no_id": "id IS NULL OR author_id IS NULL",
        "unusable_id": f"NOT ({usable_id_sql('id', 'author_id')})",
        **_TIMES,
        "deleted": "deleted_at IS NOT NULL",
        "deleted_before_created": "deleted_at < created_at",
        "deleted_ahead": f"deleted_at > {_AHEAD}",
        "unusable_url": f"image_url ~ E'[{_STEERING}]'",
        "no_image": "coalesce(btrim(image_url), '') = ''",
        "no_caption": "coalesce(btrim(caption), '') = ''",
        "html_caption": f"caption ~* '{_TAG}'",
    },
    "interactions": {
        "no_id": "user_id IS NULL OR post_id IS NULL",
        "unusable_id": f"NOT ({usable_id_sql('user_id', 'post_id')})",
        **_TIMES,
    },
    "blocks": {
        "no_id": "user_id IS NULL OR blocked_user_id IS NULL",
        "unusable_id": f"NOT ({usable_id_sql('user_id', 'blocked_user_id')})",
        "self_block": "user_id = blocked_user_id",
    },
}
# relation → optional column → check → the rows that it counts
OPTIONAL_CHECKS: dict[str, dict[str, dict[str, str]]] = {
    "interactions": {"first_at": {"first_after_last": "first_at > created_at"}},
    "posts": {  # in place of what is counted where there is `image_url` alone
        "image_urls": {
            "unusable_url": f"image_url ~ E'[{_STEERING}]' OR array_to_string(image_urls, '') ~ E'[{_STEERING}]'",
            "no_image": "coalesce(btrim(image_url), '') = '' AND coalesce(cardinality(image_urls), 0) = 0",
        }
    },
}
# relation → column → the relation that must contain it
LINKS = {
    "posts": {"author_id": "users"},
    "interactions": {"user_id": "users", "post_id": "posts"},
    "blocks": {"user_id": "users", "blocked_user_id": "users"},
}


# relation → the columns in which repeated rows are equal
SAME_ROW = {"interactions": "user_id, post_id, kind, created_at", "blocks": "user_id, blocked_user_id"}


class RowProbe:
    """Bounded queries to one home of the relations."""

    def __init__(self, connection: sa.Connection, home: RelationHome, *, unordered: Collection[str] = ()) -> None:
        """Wrap a connection.

        Args:
            connection: read-only, with a statement timeout.
            home: of the relations.
            unordered: relations that are too large to find the newest rows without an index; any rows are taken.
        """
        self._connection = connection
        self._home = home
        self._unordered = unordered

    def ask(self, query: str, **values: object) -> Sequence[sa.RowMapping] | None:
        """The rows of a query; None if it took too long.

        It runs in a savepoint, so that a cancelled or failed query does not end the transaction.

        Args:
            query: SQL with named parameters.
            values: of the parameters.

        Raises:
            SourceError: PostgreSQL refuses the query (for example a view that fails); others may still work.
        """
        return self._ask(query, values)

    def ask_one(self, query: str, **values: object) -> sa.RowMapping | None:
        """The first row of a query; None if there is none, or it took too long."""
        rows = self._ask(query, values)
        return rows[0] if rows else None

    def plan(self, query: str, *, settings: str) -> Mapping[str, Any] | None:
        """PostgreSQL's plan of a query after some `SET LOCAL …`, from EXPLAIN in JSON; else like `ask`."""
        rows = self._ask(f"EXPLAIN (VERBOSE, FORMAT JSON) {query}", {}, settings=settings)
        return rows[0]["QUERY PLAN"][0]["Plan"] if rows else None

    def _ask(self, query: str, values: Mapping[str, object], *, settings: str = "") -> Sequence[sa.RowMapping] | None:
        savepoint = self._connection.begin_nested()
        try:
            if settings:
                self._connection.exec_driver_sql(settings)
            return self._connection.execute(sa.text(query), values).mappings().all()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            if getattr(error.orig, "pgcode", None) == _CANCELLED:
                return None
            raise SourceError(first_line(error)) from error
        finally:
            if not self._connection.invalidated:
                savepoint.rollback()  # nothing was written; this also resets the settings

    def name(self, relation: str) -> str:
        """The relation's name for SQL."""
        return self._home.name(relation)

    @property
    def schema(self) -> str:
        """The schema of the relations."""
        return self._home.schema

    def sample(self, relation: str, *, rows: int = SAMPLE_ROWS) -> str:
        """SQL for the newest rows of a relation."""
        order = "" if relation in self._unordered else "ORDER BY created_at DESC"
        return f"(SELECT * FROM {self.name(relation)} {order} LIMIT {rows}) AS sample"


def look_at_rows(probe: RowProbe, relation: str, *, optional: Collection[str] = ()) -> Mapping[str, RowShare] | None:
    """For each check of `ROW_CHECKS`, and of these optional columns, how many of the newest rows it finds.

    Every column of the contract is computed for each of these rows, as in the jobs.

    Raises:
        SourceError: the relation cannot be read.
    """
    row_name = ROW_NAMES[relation]
    checks = dict(ROW_CHECKS[relation])
    for column in optional:
        checks |= OPTIONAL_CHECKS.get(relation, {}).get(column, {})
    all_columns = ", ".join(f"count({column})" for column in (*CONTRACT[relation], *optional))
    columns = ", ".join(
        f"count(*) FILTER (WHERE {condition}) AS {check},"
        f" (array_agg({row_name}) FILTER (WHERE {condition}))[1:{EXAMPLES}] AS {check}_examples"
        for check, condition in checks.items()
    )
    row = probe.ask_one(f"SELECT count(*) AS total, {columns}, {all_columns} FROM {probe.sample(relation)}")
    if row is None:
        return None
    return {
        check: RowShare(count=row[check], total=row["total"], examples=_examples(row[f"{check}_examples"]))
        for check in checks
    }


def look_for_old_rows(probe: RowProbe, relation: str) -> RowShare | None:
    """Rows that are dated before `OLDEST`."""
    old = f"SELECT {ROW_NAMES[relation]} AS name FROM {probe.name(relation)} WHERE created_at < '{OLDEST}'"
    row = probe.ask_one(_count_and_name(f"{old} LIMIT {MAX_OLD}", total="0"))
    return _share(row)


def look_for_duplicates(probe: RowProbe, relation: str) -> RowShare | None:
    """Ids that are in more than one of the newest rows; a join in a view can cause that."""
    twice = f"SELECT id AS name FROM {probe.sample(relation)} GROUP BY id HAVING count(*) > 1"
    return _share(probe.ask_one(_count_and_name(twice, total="0")))


def look_for_unknown(probe: RowProbe, relation: str, column: str) -> RowShare | None:
    """Values of a column, in the newest rows, that are missing in the relation that must contain them."""
    known = probe.name(LINKS[relation][column])
    query = f"""
        WITH wanted AS MATERIALIZED (
            SELECT DISTINCT {column} AS id FROM {probe.sample(relation)} WHERE {column} IS NOT NULL
        ), unknown AS (
            SELECT id AS name FROM wanted WHERE NOT EXISTS (SELECT FROM {known} AS known WHERE known.id = wanted.id)
        )
        """
    row = probe.ask_one(query + _count_and_name("SELECT name FROM unknown", total="(SELECT count(*) FROM wanted)"))
    return _share(row)


def look_for_unknown_senders(own: RowProbe, source: RowProbe) -> RowShare | None:
    """Users with recent events in the API who are not in the team's view of users."""
    senders = own.ask(f"SELECT DISTINCT user_id FROM {own.sample('interactions')}")
    if senders is None:
        return None
    query = f"""
        WITH unknown AS (
            SELECT id AS name FROM unnest(CAST(:senders AS text[])) AS sender(id)
            WHERE NOT EXISTS (SELECT FROM {source.name("users")} AS known WHERE known.id = sender.id)
        )
        {_count_and_name("SELECT name FROM unknown", total=str(len(senders)))}
        """
    rows = source.ask(query, senders=[row["user_id"] for row in senders])
    return None if rows is None else _share(rows[0])


def look_for_events_after_deletion(probe: RowProbe) -> RowShare | None:
    """Recent events that are dated after the deletion of their post."""
    query = f"""
        SELECT count(*) AS total, count(*) FILTER (WHERE is_late) AS count,
               (array_agg(DISTINCT id) FILTER (WHERE is_late))[1:{EXAMPLES}] AS examples
        FROM (
            SELECT p.id, {seconds_sql("p.deleted_at")} < {seconds_sql("sample.created_at")} - 3600 AS is_late
            FROM {probe.sample("interactions", rows=RECENT_EVENTS)} JOIN {probe.name("posts")} AS p
            ON p.id = sample.post_id
        ) AS events
        """
    return _share(probe.ask_one(query))


def look_for_events_before_posts(probe: RowProbe) -> EarlyEvents | None:
    """Recent events that are dated before the creation of their post."""
    ahead = f"{seconds_sql('p.created_at')} - {seconds_sql('sample.created_at')}"
    query = f"""
        SELECT count(*) AS total, count(*) FILTER (WHERE is_early) AS count,
               (array_agg(DISTINCT id) FILTER (WHERE is_early))[1:{EXAMPLES}] AS examples,
               percentile_disc(0.01) WITHIN GROUP (ORDER BY hours) FILTER (WHERE is_early) AS hours
        FROM (
            SELECT p.id, ({ahead}) / -3600 AS hours, {ahead} > {CLOCK_TOLERANCE.total_seconds():.0f} AS is_early
            FROM {probe.sample("interactions", rows=RECENT_EVENTS)} JOIN {probe.name("posts")} AS p
            ON p.id = sample.post_id WHERE isfinite(sample.created_at) AND isfinite(p.created_at)
        ) AS events
        """
    row = probe.ask_one(query)
    share = _share(row)
    return EarlyEvents(share=share, hours=float(row["hours"] or 0)) if row is not None and share is not None else None


def look_for_repeats(probe: RowProbe, relation: str) -> RowShare | None:
    """How many of the newest rows of events or blocks are equal to another row."""
    query = f"""
        SELECT coalesce(sum(times - 1), 0)::bigint AS count, coalesce(sum(times), 0)::bigint AS total,
               (array_agg(name) FILTER (WHERE times > 1))[1:{EXAMPLES}] AS examples
        FROM (
            SELECT count(*) AS times, min({ROW_NAMES[relation]}) AS name FROM {probe.sample(relation)}
            GROUP BY {SAME_ROW[relation]}
        ) AS rows_of_one
        """
    return _share(probe.ask_one(query))


def count_kinds(probe: RowProbe) -> Mapping[str, int] | None:
    """How often each kind occurs in the newest interactions."""
    query = f"""
        SELECT coalesce(kind::text, '') AS kind, count(*) AS count FROM {probe.sample("interactions")}
        GROUP BY 1 ORDER BY 2 DESC LIMIT 50
        """
    rows = probe.ask(query)
    return None if rows is None else {row["kind"]: row["count"] for row in rows}


def _count_and_name(names: str, *, total: str) -> str:
    return f"""
        SELECT count(*) AS count, {total} AS total, (array_agg(name))[1:{EXAMPLES}] AS examples FROM ({names}) AS named
        """


def _share(row: sa.RowMapping | None) -> RowShare | None:
    return (
        None if row is None else RowShare(count=row["count"], total=row["total"], examples=_examples(row["examples"]))
    )


def _examples(values: Sequence[object] | None) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())
