from enum import StrEnum


class InteractionKind(StrEnum):
    COMMENT = "comment"
    HIDE = "hide"
    LIKE = "like"
    SAVE = "save"
    SHARE = "share"
    VIEW = "view"

    def __str__(self) -> str:
        return str(self.value)
