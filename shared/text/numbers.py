"""Numbers as people write them in queries, settings and commands: Python's `int` and `float` also read 1_0."""

import re

_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def is_whole_number(text: str) -> bool:
    """Whether a text is digits, perhaps with a sign."""
    return _WHOLE.fullmatch(text) is not None


def is_decimal_number(text: str) -> bool:
    """Whether a text is a number with or without a fraction and an exponent."""
    return _DECIMAL.fullmatch(text) is not None
