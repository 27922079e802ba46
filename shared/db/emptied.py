"""Relations that held much in the last good run and hold nothing now: more likely a view that is being replaced.

What was published stands then, blocks and hidden posts included, until the relation is filled again or its lists have
run out.
"""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import runs
from shared.errors import SourceError

HEURISTIC_JOB = "heuristic"  # the job that reads all relations most often, and reports how much was in them
MANY = 20  # rows; fewer may well go one by one


def refuse_emptied(database: Database, counts: Mapping[str, int], *, keep_for: timedelta) -> None:
    """Compare what was read of some relations with what the last good heuristic run read.

    Args:
        database: ours.
        counts: rows by the name that the report of that run has for them.
        keep_for: life time of the lists.

    Raises:
        SourceError: one had `MANY` rows then and has none now; which.
    """
    empty = sorted(name for name, count in counts.items() if count == 0)
    if not empty:
        return
    newest = (
        sa.select(runs.c.id, runs.c.report)
        .where(runs.c.job == HEURISTIC_JOB, runs.c.state == "done", runs.c.finished_at >= sa.func.now() - keep_for)
        .order_by(runs.c.id.desc())
        .limit(1)
    )
    with database.begin() as connection:
        last = connection.execute(newest).one_or_none()
    if last is None:
        return
    before = dict(last.report or {})
    lost = [f"{name}: got 0, and {before[name]:,} in run {last.id}" for name in empty if before.get(name, 0) >= MANY]
    if lost:
        raise SourceError(
            f"{'; '.join(lost)}; nothing is published, what stands stays. Is the relation still right, or being filled?"
            f" If this is meant: it is believed {keep_for.total_seconds() / 3600:g} hours after that run"
        )
