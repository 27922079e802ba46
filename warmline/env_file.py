"""Random values for the secrets of a `.env`. Wants no package: `make env` works before anything is installed."""

import re
import secrets
from collections.abc import Collection

PREFIX = "WARMLINE_"
SECRETS = ("ADMIN_TOKEN", "API_KEY", "JWT_KEY", "SIGNING_KEY")  # without which no timeline starts, or better has one
_BLANK = r"[ \t]*=[ \t]*(#|$)"  # to the end of the line, or to a comment
_BLANK_SECRET = re.compile(rf"^({PREFIX}\w*(?:TOKEN|KEY|PASSWORD|SECRET|SALT)){_BLANK}", re.MULTILINE)
_PUBLIC_JWT_KEY = re.compile(rf"^\s*(?:export\s+)?{PREFIX}JWT_ALGORITHM\s*=\s*['\"]?(?:RS|ES|Ed)", re.MULTILINE)


def fill_secrets(example: str) -> str:
    """The example with a random value after each secret that is blank; all else stays as it is."""
    return _BLANK_SECRET.sub(_filled, example)


def add_missing_secrets(text: str, *, known: Collection[str] = ()) -> tuple[str, list[str]]:
    """The text with a random value for each of the timeline's secrets that it lacks, and their names.

    Args:
        text: of a `.env`, perhaps none.
        known: variables that have a value elsewhere.
    """
    made_elsewhere = {"JWT_KEY"} if _PUBLIC_JWT_KEY.search(text) else set()  # a key pair is its owner's to make
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
    """A random value on the blank line of that name, where there is one, else at the end."""
    filled, count = re.subn(rf"^({name}){_BLANK}", _filled, text, count=1, flags=re.MULTILINE)
    if count:
        return filled
    return text + ("\n" if text and not text.endswith("\n") else "") + f"{name}={_random()}\n"


def _filled(blank: re.Match[str]) -> str:
    return f"{blank[1]}={_random()}" + (" #" if blank[2] else "")


def _random() -> str:
    return secrets.token_hex(32)
