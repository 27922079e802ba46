"""How a JSON body is parsed, and what is refused before that: Python's parser is not as strict as RFC 8259. Pure.

It takes NaN and Infinity for numbers, and UTF-16 for JSON; and of an integer that is too long for it, it only says that
the body is no JSON.
"""

import json
import re
from typing import NamedTuple, cast

import msgspec

from timeline.http.answers import UNREADABLE

MAX_DEPTH = 16  # arrays and objects in one another; our own bodies have two
MAX_DIGITS = 4_300  # of an integer; Python's bound, since its time grows with the square of their number
# The closing quote is optional: if the pattern could fail, it would be tried again at every quote, for minutes.
_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NO_NUMBER = re.compile(rb"NaN|-?Infinity")
# Fractions and exponents may be as long as they like. A run of digits is tried at its first one only.
_LONG_INTEGER = re.compile(rb"(?<![0-9.eE])(?<![eE][+-])[0-9]{%d,}+(?![.eE])" % (MAX_DIGITS + 1))


class BodyFault(NamedTuple):
    """Why a body is refused, in the words of a problem."""

    status: int
    slug: str
    detail: str


def parse(body: bytes) -> object:
    """The value in a body, as a route gets it.

    Raises:
        ValueError: the routes say why it is refused.
    """
    try:
        value: object = msgspec.json.decode(body)
    except (ValueError, RecursionError):  # half surrogates, for one, which Python's parser takes
        value = None
    else:
        if _is_flat(value, body):
            return value
    if fault := fault_of(body):
        raise ValueError(fault.detail)
    return cast(object, json.loads(body))


def _is_flat(value: object, body: bytes) -> bool:
    """Whether it is certainly a list of objects without any arrays or objects in them, whatever its strings contain."""
    return (
        isinstance(value, list)
        and body.count(b"[") == 1
        and body.count(b"{") == len(value)
        and all(isinstance(item, dict) for item in value)
    )


def fault_of(body: bytes) -> BodyFault | None:
    """What is wrong with a body, which may be no JSON at all; None: the parser decides."""
    if b"\0" in body[:4]:  # UTF-16 or UTF-32
        return BodyFault(400, "bad-request", UNREADABLE)
    rest = _TEXTS.sub(b"", body)
    if _is_deep(rest):
        return BodyFault(400, "body-too-deep", f"body: expected at most {MAX_DEPTH} arrays and objects in one another")
    if name := _NO_NUMBER.search(rest):
        expected = "expected JSON (RFC 8259), which has no such number; leave it out, or send null"
        return BodyFault(422, "invalid-request", f"body: got {name[0].decode()}, {expected}")
    if len(rest) > MAX_DIGITS and _LONG_INTEGER.search(rest):
        return BodyFault(
            422, "invalid-request", f"body: got an integer of more than {MAX_DIGITS:,} digits, expected fewer"
        )
    return None


def _is_deep(rest: bytes) -> bool:
    """Whether brackets are nested deeper than in any valid body."""
    depth = 0
    for bracket in rest.translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False
