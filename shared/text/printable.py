"""The one way of text out of a database, a file or a client to a terminal, a log or a page.

A caption, an id, an address or an error is somebody's: it may hold commands to a terminal (ESC, the C1 controls, OSC),
ends of lines with which findings and log lines can be made up, and turns of direction that show a text as another.
"""

import json
import re
import sys

# As Python, PostgreSQL and ECMAScript alike read it. Joiners stay: emoji and several scripts are written with them.
STEERING_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_STEERING = re.compile(rf"[{STEERING_CHARACTERS}\ud800-\udfff]")


def has_control_characters(text: str) -> bool:
    """Whether a terminal would do anything else with a text than show it."""
    return _STEERING.search(text) is not None


def printable(text: str) -> str:
    """The text on one line; what would steer a terminal is written as its number."""
    return _STEERING.sub(lambda mark: mark[0].encode("unicode_escape").decode(), text)


def printable_json(text: str, *, has_lines: bool = False) -> str:
    """JSON with the same values, in which no character moves a cursor, but for ends of lines where it has some."""
    return _STEERING.sub(lambda mark: mark[0] if has_lines and mark[0] == "\n" else json.dumps(mark[0])[1:-1], text)


def write_error(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{printable(text)}\n")
