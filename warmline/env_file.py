"""Adds random secrets to a `.env`. It needs no package, so that `make env` works before anything is installed."""

import re
import secrets
from collections.abc import Collection

PREFIX = "WARMLINE_"
SECRETS = ("ADMIN_TOKEN", "API_KEY", "JWT_KEY", "SIGNING_KEY")  # required by the timeline, or recommended
_BLANK = r"[ \t]*=[ \t]*(#|$)"  # up to the end of the line or a comment
_BLANK_SECRET = re.compile(rf"^({PREFIX}\w*(?:TOKEN|KEY|PASSWORD|SECRET|SALT)){_BLANK}", re.MULTILINE)
_PUBLIC_JWT_KEY = re.compile(rf"^\s*(?:export\s+)?{PREFIX}JWT_ALGORITHM\s*=\s*['\"]?(?:RS|ES|Ed)", re.MULTILINE)


def fill_secrets(example: str) -> str:
    """The example with a random value for each blank secret; everything else stays."""
    return _BLANK_SECRET.sub(_filled, example)


def add_missing_secrets(text: str, *, known: Collection[str] = ()) -> tuple[str, list[str]]:
    """The text with random values for the timeline's missing secrets, and the names of these.

    Args:
        text: of a `.env`; may be empty.
        known: variables with a value elsewhere.
    """
    made_elsewhere = {"JWT_KEY"} if _PUBLIC_JWT_KEY.search(text) else set()  # a key pair is made by its owner
    added = [
        PREFIX + name
        for name in SECRETS
        if name not in made_elsewhere and PREFIX + name not in known and not _has_value(text, PREFIX + name)
    ]
    for name in added:
        text = _with(text, name)
    return text, added


def _has_value(text: str, name: str) -> bool:
    return re.search(rf"^\s*(?:export\s+)?{name}[ \t]*=[ \t]*[^\s#]", text, re.MULTILINE) is not None


def _with(text: str, name: str) -> str:
    """Put a random value on the blank line of that name, or at the end if there is none."""
    filled, count = re.subn(rf"^({name}){_BLANK}", _filled, text, count=1, flags=re.MULTILINE)
    if count:
        return filled
    return text + ("\n" if text and not text.endswith("\n") else "") + f"{name}={_random()}\n"


def _filled(blank: re.Match[str]) -> str:
    return f"{blank[1]}={_random()}" + (" #" if blank[2] else "")


def _random() -> str:
    return secrets.token_hex(32)
