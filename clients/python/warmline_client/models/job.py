from enum import StrEnum


class Job(StrEnum):
    HEURISTIC = "heuristic"
    SCORE = "score"
    TRAIN = "train"

    def __str__(self) -> str:
        return str(self.value)
