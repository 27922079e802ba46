"""`python -m tests.faults.once FOLDER DATABASE_URL REDIS_URL`: a pass of a job for each line of input, each in a child.

PyTorch is imported once. A line is `train` or `score`; on the output stand the child's process and how it ended.
"""

import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch

from s02_recsys_neucf import job as scoring
from s02_train_neucf import job as training
from shared.jobs.scheduler import ScheduledJob, run_once
from shared.jobs.stopping import exit_code_of
from shared.logs import start_logging
from tests.flow.camps import Camps
from tests.flow.deployment import Deployment


def main() -> None:
    """Start a child for each line."""
    folder, database_url, redis_url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    camps = Camps(
        deployment=Deployment(database_url=database_url, redis_url=redis_url), folder=folder, held_back={}, cold={}
    )
    torch.set_num_threads(1)
    start_logging()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(exit_code_of(partial(_once, camps, line.strip())))
        _tell(child)
        _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _once(camps: Camps, name: str) -> int:
    with camps.deployment.database() as database, camps.deployment.writer() as writer:
        if name == training.JOB:
            job = ScheduledJob(
                name=name,
                work=lambda run: training.run_training(database, camps.train_settings(), run, datetime.now(UTC)),
            )
        else:
            job = ScheduledJob(
                name=name,
                work=lambda run: scoring.run_scoring(database, writer, camps.score_settings(), run, datetime.now(UTC)),
            )
        run_once(database, job, by="test")
    return 0


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
