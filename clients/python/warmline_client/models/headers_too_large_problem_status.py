from enum import IntEnum


class HeadersTooLargeProblemStatus(IntEnum):
    VALUE_431 = 431

    def __str__(self) -> str:
        return str(self.value)
