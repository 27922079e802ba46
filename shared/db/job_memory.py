"""What a run of a job leaves for the next one: some bytes, bound to the run that left them."""

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.runs import Run
from shared.db.tables import SCHEMA, job_memory


def remember(database: Database, run: Run, value: bytes) -> None:
    """Replace what the job remembers; nothing when the run is no longer this worker's."""
    put = f"""
        INSERT INTO {SCHEMA}.job_memory (job, run_id, value)
        SELECT :job, id, :value FROM {SCHEMA}.runs WHERE id = :run AND fence = :fence AND state = 'running'
        ON CONFLICT (job) DO UPDATE SET run_id = EXCLUDED.run_id, value = EXCLUDED.value
        """
    with database.begin() as connection:
        values = {"job": run.job, "run": run.id, "fence": run.fence, "value": value}
        connection.execute(sa.text(put), values)


def remembered(database: Database, job: str, *, run_id: int) -> bytes | None:
    """What a run left; None when it left nothing, or another run was later."""
    query = sa.select(job_memory.c.value).where(job_memory.c.job == job, job_memory.c.run_id == run_id)
    with database.begin() as connection:
        found: bytes | None = connection.scalar(query)
        return None if found is None else bytes(found)
