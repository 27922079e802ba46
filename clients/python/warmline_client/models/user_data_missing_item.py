from enum import StrEnum


class UserDataMissingItem(StrEnum):
    MODELS = "models"
    REDIS = "redis"

    def __str__(self) -> str:
        return str(self.value)
