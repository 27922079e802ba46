from enum import StrEnum


class Source(StrEnum):
    EVERYONE = "everyone"
    HEURISTIC = "heuristic"
    NEUCF = "neucf"
    NEWEST = "newest"
    SNAPSHOT = "snapshot"

    def __str__(self) -> str:
        return str(self.value)
