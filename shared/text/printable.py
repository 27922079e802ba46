"""Makes untrusted text (from a database, a file or a client) safe to show on a terminal, in a log or on a page.

Captions, ids, URLs and errors come from others: they may hold terminal commands (ESC, C1 controls, OSC), line ends that
forge findings or log lines, and direction marks that make a text look like another.
"""

import json
import re
import sys

# As Python, PostgreSQL and ECMAScript alike read it. Joiners stay: emoji and several scripts are written with them.
STEERING_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_STEERING = re.compile(rf"[{STEERING_CHARACTERS}\ud800-\udfff]")


def has_control_characters(text: str) -> bool:
    """Whether a terminal would do anything but show the text."""
    return _STEERING.search(text) is not None


def printable(text: str) -> str:
    """The text on one line; each control character is replaced by its number."""
    return _STEERING.sub(lambda mark: mark[0].encode("unicode_escape").decode(), text)


def printable_json(text: str, *, has_lines: bool = False) -> str:
    """JSON with the same values and no control characters, except line ends if `has_lines`."""
    return _STEERING.sub(lambda mark: mark[0] if has_lines and mark[0] == "\n" else json.dumps(mark[0])[1:-1], text)


def write_error(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{printable(text)}\n")
