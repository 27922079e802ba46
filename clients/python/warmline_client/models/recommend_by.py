from enum import StrEnum


class RecommendBy(StrEnum):
    CONTENT = "content"
    HYBRID = "hybrid"
    NEUCF = "neucf"
    TOGETHER = "together"

    def __str__(self) -> str:
        return str(self.value)
