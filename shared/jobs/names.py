"""The jobs that an operator can request, the service that does each, and how often it does."""

from datetime import timedelta
from enum import StrEnum


class Job(StrEnum):
    """The jobs that can be requested."""

    HEURISTIC = "heuristic"
    TRAIN = "train"
    SCORE = "score"


SERVICES = {Job.HEURISTIC: "s01_heuristic", Job.TRAIN: "s02_train_neucf", Job.SCORE: "s02_recsys_neucf"}

# Between two runs, by default.
USUAL_PAUSE = {Job.HEURISTIC: timedelta(minutes=5), Job.TRAIN: timedelta(days=1), Job.SCORE: timedelta(minutes=15)}

# How old the last good run may be before something is wrong; the schedules' defaults with plenty of room.
LATE = {Job.HEURISTIC: timedelta(hours=1), Job.TRAIN: timedelta(days=8), Job.SCORE: timedelta(days=1)}
