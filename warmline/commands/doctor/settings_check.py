"""Checks that every `WARMLINE_*` variable is a setting (pydantic silently ignores unknown ones), and that the values of
settings that all services share are valid.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from dotenv import dotenv_values

from shared.content.settings import ContentSettings
from shared.errors import ConfigurationError
from shared.jobs.setting_conflicts import conflicts
from shared.settings import (
    HeuristicSettings,
    ListSettings,
    ModelSettings,
    NewPostSettings,
    RetentionSettings,
    RunSettings,
    SettingsGroup,
    WindowSettings,
    load_settings,
)
from warmline.commands.doctor.setting_names import unknown_settings
from warmline.findings import Finding, good, hint, problem

WHERE = "settings"
SHARED = (
    ListSettings,
    WindowSettings,
    RetentionSettings,
    HeuristicSettings,
    NewPostSettings,
    ModelSettings,
    RunSettings,
    ContentSettings,
)


def check_settings() -> list[Finding]:
    """Check the names of variables in the environment and in `.env`, and the values that jobs read."""
    return judge_names([*os.environ, *_names_in(Path(".env"))]) + judge_values()


def judge_values() -> list[Finding]:
    """Values with which no job starts."""
    groups: list[SettingsGroup] = []
    wrong: list[str] = []
    for group in SHARED:
        try:
            groups.append(load_settings(group))
        except ConfigurationError as error:
            wrong += str(error).splitlines()
    wrong += conflicts(*groups)
    todo = "see .env.example; no job starts before"
    return [problem(WHERE, got, expected="values that jobs can start with", todo=todo) for got in wrong]


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
    except (OSError, UnicodeDecodeError):  # reading the settings reports an unreadable file
        return []
