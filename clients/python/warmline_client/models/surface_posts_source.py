from enum import StrEnum


class SurfacePostsSource(StrEnum):
    CONTENT = "content"
    EVERYONE = "everyone"
    NEWEST = "newest"
    SNAPSHOT = "snapshot"

    def __str__(self) -> str:
        return str(self.value)
