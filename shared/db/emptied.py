"""Refuses to publish when a relation had rows in the last good run and has none now: probably a view is being replaced.

What was published then stays, including blocks and hidden posts, until the relation has rows again or the lists have
expired.
"""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import RELATIONS, Database, DatabaseSnapshot
from shared.db.tables import runs
from shared.errors import SourceError

HEURISTIC_JOB = "heuristic"  # the job that reads all relations most often, and reports their counts
MANY = 20  # rows; fewer may well have been deleted one by one


def count_relation_rows(snapshot: DatabaseSnapshot) -> dict[str, int]:
    """Rows of each relation in the app's own home, counted up to `MANY`.

    With views, events and blocks from the API are not counted: they would hide that a view is empty.
    """
    home = snapshot.database.source or snapshot.database.own
    connection = snapshot.connection(home)
    return {relation: _count(connection, home.name(relation)) for relation in RELATIONS}


def refuse_emptied(database: Database, rows: Mapping[str, int], *, keep_for: timedelta) -> None:
    """Compare the counts with those of the last good heuristic run.

    Args:
        database: ours.
        rows: from `count_relation_rows`.
        keep_for: life time of the lists.

    Raises:
        SourceError: a relation had `MANY` rows then and has none now; names it.
    """
    empty = {relation for relation, count in rows.items() if count == 0}
    if not empty:
        return
    newest = (
        sa.select(runs.c.id, runs.c.report["rows"])
        .where(runs.c.job == HEURISTIC_JOB, runs.c.state == "done", runs.c.finished_at >= sa.func.now() - keep_for)
        .order_by(runs.c.id.desc())
        .limit(1)
    )
    with database.begin() as connection:
        last = connection.execute(newest).one_or_none()
    if last is None:
        return
    run, before = last[0], last[1] or {}
    lost = sorted(relation for relation in empty if before.get(relation, 0) >= MANY)
    if lost:
        raise SourceError(
            f"{', '.join(lost)}: got 0 rows, expected some as in run {run}; nothing is published, what stands stays."
            " Are the views still right, or being replaced?"
            f" If this is meant: it is believed {keep_for.total_seconds() / 3600:g} hours after that run"
        )


def _count(connection: sa.Connection, name: str) -> int:
    return int(connection.scalar(sa.text(f"SELECT count(*) FROM (SELECT FROM {name} LIMIT {MANY}) AS first_rows")) or 0)
