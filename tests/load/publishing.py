"""`python -m tests.load.publishing DATABASE_URL REDIS_URL`: publish the lists of both phases every 3 seconds."""

import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from s01_heuristic.job import JOB, JobSettings, run_heuristic
from shared.db.engine import Database
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import Phase, Reason, Source
from shared.ranked_lists.codec import RankedList, encode, pack_entry
from shared.ranked_lists.job_store import JobStore
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, StoreSettings, WindowSettings
from tests.load.world import USERS

EVERY_SECONDS = 3.0


def main() -> None:
    """Publish until killed; a line for each publication."""
    database_url, redis_url = sys.argv[1:]
    lists = ListSettings()
    database = Database(StoreSettings(database_url=database_url, redis_url=redis_url))
    writer = JobStore(redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    settings = JobSettings(
        window=WindowSettings(), lists=lists, formula=HeuristicSettings(), new_posts=NewPostSettings()
    )
    while True:
        begun = time.monotonic()
        request_run(database, JOB, by="load")
        run = claim_run(database, JOB, worker="load")
        assert run is not None
        finish_run(database, run, report=run_heuristic(database, writer, settings, run, datetime.now(UTC)))
        with database.begin() as connection:
            found = connection.exec_driver_sql("SELECT row FROM warmline.post_rows")
            rows = [row for (row,) in found]
        writer.publish_lists(_personal(rows, run.fence), phase=Phase.NEUCF, job="score", run=run.fence)
        sys.stdout.write(f"{time.monotonic() - begun:.2f}\n")
        sys.stdout.flush()
        time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - begun)))


def _personal(rows: list[int], run: int) -> Iterator[tuple[str, bytes]]:
    """Lists of the second phase: for each user other posts, in another order each time."""
    rng, now = random.Random(run), datetime.now(UTC)
    for user in USERS:
        entries = b"".join(pack_entry(row, Reason.FOR_YOU, 0.5) for row in rng.sample(rows, min(200, len(rows))))
        yield user, encode(RankedList(source=Source.NEUCF, generation=run, generated_at=now, entries=entries))


if __name__ == "__main__":
    main()
