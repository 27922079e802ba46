"""Requests for runs: made where nothing is under way, and taken back where nobody came."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.tables import runs


def request_new_run(database: Database, job: str, *, by: str) -> int | None:
    """Ask for a run and give its id; None while a run of the job is under way, or waits to begin."""
    waits = runs.c.state == "requested"
    alive = (runs.c.state == "running") & (runs.c.lease_until >= sa.func.now())
    with database.begin() as connection:
        if connection.scalar(sa.select(runs.c.id).where(runs.c.job == job, waits | alive).limit(1)) is not None:
            return None
        asked = insert(runs).values(job=job, requested_by=by).on_conflict_do_nothing()
        fresh: int | None = connection.scalar(asked.returning(runs.c.id))
        return fresh


def withdraw_request(database: Database, run_id: int, *, by: str) -> bool:
    """Delete a request of one's own that no worker has claimed; False when it was claimed, or is another's."""
    mine = (runs.c.id == run_id) & (runs.c.state == "requested") & (runs.c.requested_by == by)
    with database.begin() as connection:
        return connection.execute(runs.delete().where(mine)).rowcount == 1
