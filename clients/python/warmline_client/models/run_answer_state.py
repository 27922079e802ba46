from enum import StrEnum


class RunAnswerState(StrEnum):
    DONE = "done"
    FAILED = "failed"
    REQUESTED = "requested"
    RUNNING = "running"

    def __str__(self) -> str:
        return str(self.value)
