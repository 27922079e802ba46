"""Relations that held rows in the last good run and hold none now: more likely a view that is being replaced.

What was published stands then, blocks and hidden posts included, until the relation is filled again or its lists have
run out.
"""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import RELATIONS, Database, Snapshot
from shared.db.tables import runs
from shared.errors import SourceError

HEURISTIC_JOB = "heuristic"  # the job that reads all relations most often, and reports what was in them
MANY = 20  # rows; fewer may well go one by one


def count_relation_rows(snapshot: Snapshot) -> dict[str, int]:
    """Rows of each relation where the app keeps it, counted up to `MANY`.

    Over views what came by the API is left out: it goes by our own acts only, and would hide that a view is empty.
    """
    home = snapshot.database.source or snapshot.database.own
    connection = snapshot.connection(home)
    return {relation: _count(connection, home.name(relation)) for relation in RELATIONS}


def refuse_emptied(database: Database, rows: Mapping[str, int], *, keep_for: timedelta) -> None:
    """Compare what there is of the relations with what the last good heuristic run found.

    Args:
        database: ours.
        rows: from `count_relation_rows`.
        keep_for: life time of the lists.

    Raises:
        SourceError: one had `MANY` rows then and has none now; which.
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
