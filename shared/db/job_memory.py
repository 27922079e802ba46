"""What a run of a job stores for the next run: some bytes, together with the id of the run that stored them."""

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.runs import Run
from shared.db.tables import SCHEMA, job_memory


def remember(database: Database, run: Run, value: bytes) -> None:
    """Replace the stored value; does nothing if this worker no longer holds the run."""
    put = f"""
        INSERT INTO {SCHEMA}.job_memory (job, run_id, value)
        SELECT :job, id, :value FROM {SCHEMA}.runs WHERE id = :run AND fence = :fence AND state = 'running'
        ON CONFLICT (job) DO UPDATE SET run_id = EXCLUDED.run_id, value = EXCLUDED.value
        """
    with database.begin() as connection:
        values = {"job": run.job, "run": run.id, "fence": run.fence, "value": value}
        connection.execute(sa.text(put), values)


def remembered(database: Database, job: str, *, run_id: int) -> bytes | None:
    """The value of a run; None if it stored none, or a later run has replaced it."""
    query = sa.select(job_memory.c.value).where(job_memory.c.job == job, job_memory.c.run_id == run_id)
    with database.begin() as connection:
        value: bytes | None = connection.scalar(query)
        return None if value is None else bytes(value)
