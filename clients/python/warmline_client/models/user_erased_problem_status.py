from enum import IntEnum


class UserErasedProblemStatus(IntEnum):
    VALUE_409 = 409
    VALUE_410 = 410

    def __str__(self) -> str:
        return str(self.value)
