from enum import StrEnum


class Source(StrEnum):
    EVERYONE = "everyone"
    EXPLORE = "explore"
    FOLLOWING = "following"
    HEURISTIC = "heuristic"
    LATEST = "latest"
    NEUCF = "neucf"
    NEWEST = "newest"
    SNAPSHOT = "snapshot"

    def __str__(self) -> str:
        return str(self.value)
