"""The jobs that an operator can request, and the service that does each."""

from enum import StrEnum


class Job(StrEnum):
    """The jobs that can be requested."""

    HEURISTIC = "heuristic"
    TRAIN = "train"
    SCORE = "score"


SERVICES = {Job.HEURISTIC: "s01_heuristic", Job.TRAIN: "s02_train_neucf", Job.SCORE: "s02_recsys_neucf"}
