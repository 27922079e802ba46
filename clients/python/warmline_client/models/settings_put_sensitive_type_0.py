from enum import StrEnum


class SettingsPutSensitiveType0(StrEnum):
    HIDE = "hide"
    SHOW = "show"

    def __str__(self) -> str:
        return str(self.value)
