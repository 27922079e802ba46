"""Looks at the four relations for `warmline doctor`: measures only; what the figures mean is said elsewhere.

Made for a live database: one read-only transaction, every statement bounded by a timeout and by a LIMIT. A question
that takes too long has no answer (None), which is a finding of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.db.engine import Place
from shared.domain import CLOCK_TOLERANCE, MAX_ID_LENGTH

STATEMENT_SECONDS = 5
SAMPLE_ROWS = 50_000  # newest rows of a relation that are looked at
RECENT_EVENTS = 10_000
EXAMPLES = 3
OLDEST = "1990-01-01"  # no photo app is older; an earlier time is a zero of some program
MOST_OLD = 1_000  # counted no further


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many rows, with a few of them by name."""

    count: int
    of: int
    examples: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """Between 0 and 1; 0 of nothing is 0."""
        return self.count / self.of if self.of else 0.0


_CONTROL = r"[\x01-\x1f\x7f-\u009f]"


def _unusable(column: str) -> str:
    return f"length({column}) NOT BETWEEN 1 AND {MAX_ID_LENGTH} OR {column}::text ~ '{_CONTROL}'"


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
    "users": {"no_id": "id IS NULL", "unusable_id": _unusable("id"), **_TIMES},
    "posts": {
        "no_id": "id IS NULL OR author_id IS NULL",
        "unusable_id": f"{_unusable('id')} OR {_unusable('author_id')}",
        **_TIMES,
        "deleted": "deleted_at IS NOT NULL",
        "deleted_before_created": "deleted_at < created_at",
        "deleted_ahead": f"deleted_at > {_AHEAD}",
        "no_image": "coalesce(btrim(image_url), '') = ''",
        "no_caption": "coalesce(btrim(caption), '') = ''",
    },
    "interactions": {
        "no_id": "user_id IS NULL OR post_id IS NULL",
        "unusable_id": f"{_unusable('user_id')} OR {_unusable('post_id')}",
        **_TIMES,
    },
    "blocks": {
        "no_id": "user_id IS NULL OR blocked_user_id IS NULL",
        "self_block": "user_id = blocked_user_id",
    },
}
# relation → column → the relation that must know it
LINKS = {
    "posts": {"author_id": "users"},
    "interactions": {"user_id": "users", "post_id": "posts"},
    "blocks": {"user_id": "users", "blocked_user_id": "users"},
}


class Probe:
    """Bounded questions to one place."""

    def __init__(self, connection: sa.Connection, place: Place, *, unordered: Collection[str] = ()) -> None:
        """Begin asking.

        Args:
            connection: read-only, with a statement timeout.
            place: where the relations are.
            unordered: relations too large to find the newest rows of, for want of an index: any rows must do.
        """
        self._connection = connection
        self._place = place
        self._unordered = unordered

    def ask(self, query: str, *, index_only: bool = False, **values: object) -> Sequence[sa.RowMapping] | None:
        """The rows of a query; None when it took too long. Any other refusal is an error as always.

        It runs in a savepoint, so that one that is given up does not end the transaction.

        Args:
            query: what to ask.
            index_only: let the planner avoid reading whole tables wherever it can.
            values: bound to the names in the query.
        """
        savepoint = self._connection.begin_nested()
        try:
            if index_only:
                self._connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            return self._connection.execute(sa.text(query), values).mappings().all()
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) == "57014":  # query_canceled
                return None
            raise
        finally:
            savepoint.rollback()  # nothing was written; settings for one question end with it

    def ask_one(self, query: str, **values: str) -> sa.RowMapping | None:
        """The only row of a query."""
        rows = self.ask(query, index_only=False, **values)
        return rows[0] if rows else None

    def name(self, relation: str) -> str:
        """The relation's name for SQL."""
        return self._place.name(relation)

    @property
    def schema(self) -> str:
        """Where the relations are."""
        return self._place.schema

    def sample(self, relation: str, *, rows: int = SAMPLE_ROWS) -> str:
        """SQL for the newest rows of a relation."""
        order = "" if relation in self._unordered else "ORDER BY created_at DESC"
        return f"(SELECT * FROM {self.name(relation)} {order} LIMIT {rows}) AS sample"


def look_at_rows(probe: Probe, relation: str) -> Mapping[str, Share] | None:
    """How many of the newest rows each check of `ROW_CHECKS` counts."""
    named = ROW_NAMES[relation]
    columns = ", ".join(
        f"count(*) FILTER (WHERE {condition}) AS {check},"
        f" (array_agg({named}) FILTER (WHERE {condition}))[1:{EXAMPLES}] AS {check}_examples"
        for check, condition in ROW_CHECKS[relation].items()
    )
    row = probe.ask_one(f"SELECT count(*) AS total, {columns} FROM {probe.sample(relation)}")
    if row is None:
        return None
    return {
        check: Share(count=row[check], of=row["total"], examples=_examples(row[f"{check}_examples"]))
        for check in ROW_CHECKS[relation]
    }


def look_for_old_rows(probe: Probe, relation: str) -> Share | None:
    """Rows dated before there were photo apps."""
    old = f"SELECT {ROW_NAMES[relation]} AS name FROM {probe.name(relation)} WHERE created_at < '{OLDEST}'"
    row = probe.ask_one(_count_and_name(f"{old} LIMIT {MOST_OLD}", of="0"))
    return _share(row)


def look_for_duplicates(probe: Probe, relation: str) -> Share | None:
    """Ids that stand in more than one of the newest rows (a join in a view can do that)."""
    twice = f"SELECT id AS name FROM {probe.sample(relation)} GROUP BY id HAVING count(*) > 1"
    return _share(probe.ask_one(_count_and_name(twice, of="0")))


def look_for_unknown(probe: Probe, relation: str, column: str) -> Share | None:
    """Values of a column, in the newest rows, that the relation which must know them does not know."""
    known = probe.name(LINKS[relation][column])
    query = f"""
        WITH wanted AS MATERIALIZED (
            SELECT DISTINCT {column} AS id FROM {probe.sample(relation)} WHERE {column} IS NOT NULL
        ), unknown AS (
            SELECT id AS name FROM wanted WHERE NOT EXISTS (SELECT FROM {known} AS known WHERE known.id = wanted.id)
        )
        """
    row = probe.ask_one(query + _count_and_name("SELECT name FROM unknown", of="(SELECT count(*) FROM wanted)"))
    return _share(row)


def look_for_unknown_senders(own: Probe, source: Probe) -> Share | None:
    """People who sent events to the API lately, and are not in the team's view of users."""
    senders = own.ask(f"SELECT DISTINCT user_id FROM {own.sample('interactions')}")
    if senders is None:
        return None
    query = f"""
        WITH unknown AS (
            SELECT id AS name FROM unnest(CAST(:senders AS text[])) AS sender(id)
            WHERE NOT EXISTS (SELECT FROM {source.name("users")} AS known WHERE known.id = sender.id)
        )
        {_count_and_name("SELECT name FROM unknown", of=str(len(senders)))}
        """
    rows = source.ask(query, senders=[row["user_id"] for row in senders])
    return None if rows is None else _share(rows[0])


def look_for_events_after_deletion(probe: Probe) -> Share | None:
    """Recent events on posts that had been deleted before: nobody can like what is gone."""
    query = f"""
        SELECT count(*) AS total, count(*) FILTER (WHERE is_late) AS count,
               (array_agg(DISTINCT id) FILTER (WHERE is_late))[1:{EXAMPLES}] AS examples
        FROM (
            SELECT p.id, p.deleted_at < sample.created_at - interval '1 hour' AS is_late
            FROM {probe.sample("interactions", rows=RECENT_EVENTS)} JOIN {probe.name("posts")} AS p
            ON p.id = sample.post_id
        ) AS events
        """
    return _share(probe.ask_one(query))


def count_kinds(probe: Probe) -> Mapping[str, int] | None:
    """How often each kind stands in the newest interactions."""
    query = f"""
        SELECT coalesce(kind::text, '') AS kind, count(*) AS count FROM {probe.sample("interactions")}
        GROUP BY 1 ORDER BY 2 DESC LIMIT 50
        """
    rows = probe.ask(query)
    return None if rows is None else {row["kind"]: row["count"] for row in rows}


def _count_and_name(names: str, *, of: str) -> str:
    return f"""
        SELECT count(*) AS count, {of} AS total, (array_agg(name))[1:{EXAMPLES}] AS examples FROM ({names}) AS named
        """


def _share(row: sa.RowMapping | None) -> Share | None:
    return None if row is None else Share(count=row["count"], of=row["total"], examples=_examples(row["examples"]))


def _examples(values: Sequence[object] | None) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())
