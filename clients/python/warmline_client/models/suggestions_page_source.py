from enum import StrEnum


class SuggestionsPageSource(StrEnum):
    EVERYONE = "everyone"
    NEWEST = "newest"
    PERSONAL = "personal"
    POPULAR = "popular"
    SNAPSHOT = "snapshot"

    def __str__(self) -> str:
        return str(self.value)
