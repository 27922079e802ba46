"""Whether every `WARMLINE_*` variable is a setting: pydantic leaves out what it does not know without a word."""

import os
from collections.abc import Iterable
from pathlib import Path

from dotenv import dotenv_values

from shared.setting_names import unknown_settings
from warmline.findings import Finding, good, hint

WHERE = "settings"


def check_settings() -> list[Finding]:
    """Look at the names of the variables in the environment and in `.env`."""
    return judge_names([*os.environ, *_names_in(Path(".env"))])


def judge_names(variables: Iterable[str]) -> list[Finding]:
    """Variables that nothing reads."""
    unknown = unknown_settings(variables)
    if not unknown:
        return [good(WHERE, "every WARMLINE_* variable is known")]
    expected = "a name of .env.example"
    return [
        hint(name, "nothing reads it", expected=expected, todo=f"did you mean {meant}?" if meant else "take it out")
        for name, meant in unknown.items()
    ]


def _names_in(file: Path) -> list[str]:
    try:
        return list(dotenv_values(file, interpolate=False))
    except (OSError, UnicodeDecodeError):  # what cannot be read is said where the settings are
        return []
