"""Counts of events on the pages of each source and generation; updated as events arrive, never by a scan."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import SCHEMA

GENERATIONS_KEPT = 5_000  # of all jobs together, some two weeks; older ones are summed up as generation 0
# The newest generation of all. Taken from the sequence, since events may name any number.
_NEWEST = f"(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {SCHEMA}.fences)"
FeedKey = tuple[str, int, str]  # source, generation, kind
_CHANGES = """
    unnest(CAST(:sources AS text[]), CAST(:generations AS bigint[]), CAST(:kinds AS text[]), CAST(:changes AS bigint[]))
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFigures:
    """Events on the pages of one source, in one generation (None: in all)."""

    source: str
    generation: int | None
    events: Mapping[str, int]  # kind → how many

    @property
    def likes_per_view(self) -> float | None:
        """None if there are no views."""
        views = self.events.get("view", 0)
        return round(self.events.get("like", 0) / views, 4) if views else None


def count_events(connection: sa.Connection, changes: Counter[FeedKey]) -> None:
    """Add to the counts."""
    if not changes:
        return
    fresh = connection.execute(
        sa.text(
            f"""
            INSERT INTO {SCHEMA}.feed_counts AS kept (source, generation, kind, events)
            SELECT * FROM {_CHANGES}
            ON CONFLICT (source, generation, kind) DO UPDATE SET events = kept.events + EXCLUDED.events
            RETURNING xmax = 0
            """
        ),
        _columns(changes),
    )
    if any(is_new for (is_new,) in fresh):
        _sum_up_old_ones(connection)


def newest_generation(connection: sa.Connection) -> int:
    """The newest generation that was given out; an event on the page of a later one was made on none."""
    return int(connection.scalar(sa.text(f"SELECT {_NEWEST}")) or 0)


def discount_events(connection: sa.Connection, changes: Counter[FeedKey]) -> None:
    """Take revoked events off the counts; what was summed up long ago stays."""
    if not changes:
        return
    connection.execute(
        sa.text(
            f"""
            UPDATE {SCHEMA}.feed_counts AS kept SET events = greatest(0, kept.events - t.change)
            FROM {_CHANGES} AS t(source, generation, kind, change)
            WHERE (kept.source, kept.generation, kept.kind) = (t.source, t.generation, t.kind)
            """
        ),
        _columns(changes),
    )


def feed_figures(database: Database, *, generations: int) -> list[FeedFigures]:
    """The figures of each source as a whole, and of its newest generations if there are several to compare."""
    query = sa.text(
        f"""
        SELECT source, NULL AS generation, kind, sum(events)::bigint FROM {SCHEMA}.feed_counts GROUP BY source, kind
        UNION ALL
        SELECT source, generation, kind, events FROM (
            SELECT *, dense_rank() OVER (PARTITION BY source ORDER BY generation DESC) AS age,
                   min(generation) OVER (PARTITION BY source) AS oldest FROM {SCHEMA}.feed_counts
        ) AS aged WHERE age <= :generations AND generation > 0 AND (age > 1 OR oldest < generation)
        """
    )
    with database.begin() as connection:
        rows = connection.execute(query, {"generations": generations}).all()
    found: dict[tuple[str, int | None], dict[str, int]] = {}
    for source, generation, kind, events in rows:
        found.setdefault((source, generation), {})[kind] = events
    newest_first = sorted(found.items(), key=lambda item: (item[0][0], item[0][1] is not None, -(item[0][1] or 0)))
    return [
        FeedFigures(source=source, generation=generation, events=events)
        for (source, generation), events in newest_first
    ]


def _columns(changes: Counter[FeedKey]) -> dict[str, list[object]]:
    ordered = sorted(changes.items())  # the same order in every transaction, against deadlocks
    return {
        "sources": [key[0] for key, _ in ordered],
        "generations": [key[1] for key, _ in ordered],
        "kinds": [key[2] for key, _ in ordered],
        "changes": [change for _, change in ordered],
    }


def _sum_up_old_ones(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(
            f"""
            WITH old AS (
                DELETE FROM {SCHEMA}.feed_counts WHERE generation BETWEEN 1 AND {_NEWEST} - :kept RETURNING *
            )
            INSERT INTO {SCHEMA}.feed_counts AS kept (source, generation, kind, events)
            SELECT source, 0, kind, sum(events) FROM old GROUP BY source, kind ORDER BY source, kind
            ON CONFLICT (source, generation, kind) DO UPDATE SET events = kept.events + EXCLUDED.events
            """
        ),
        {"kept": GENERATIONS_KEPT},
    )
