from enum import StrEnum


class Phase(StrEnum):
    HEURISTIC = "heuristic"
    NEUCF = "neucf"

    def __str__(self) -> str:
        return str(self.value)
