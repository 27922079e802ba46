from enum import StrEnum


class Mode(StrEnum):
    EXPLORE = "explore"
    FOLLOWING = "following"
    FOR_YOU = "for_you"
    LATEST = "latest"

    def __str__(self) -> str:
        return str(self.value)
