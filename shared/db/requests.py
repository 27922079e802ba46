"""Requests for runs: made if no run is under way, and withdrawn if no worker claims them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.tables import runs


def request_new_run(database: Database, job: str, *, by: str) -> int | None:
    """Request a run and return its id; None if a run of the job is under way or already requested."""
    is_requested = runs.c.state == "requested"
    is_alive = (runs.c.state == "running") & (runs.c.lease_until >= sa.func.now())
    with database.begin() as connection:
        if (
            connection.scalar(sa.select(runs.c.id).where(runs.c.job == job, is_requested | is_alive).limit(1))
            is not None
        ):
            return None
        request = insert(runs).values(job=job, requested_by=by).on_conflict_do_nothing()
        fresh: int | None = connection.scalar(request.returning(runs.c.id))
        return fresh


def withdraw_request(database: Database, run_id: int, *, by: str) -> bool:
    """Delete a request that `by` made and no worker has claimed; False if it was claimed, or somebody else made it."""
    is_own = (runs.c.id == run_id) & (runs.c.state == "requested") & (runs.c.requested_by == by)
    with database.begin() as connection:
        return connection.execute(runs.delete().where(is_own)).rowcount == 1
