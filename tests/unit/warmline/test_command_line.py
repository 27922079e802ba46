"""The command line itself: help, wrong usage, missing settings."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.version import VERSION
from warmline.__main__ import main

COMMANDS = (
    ("migrate",), ("import",), ("doctor",), ("phase",), ("phase", "get"), ("phase", "set"), ("run",), ("inspect",),
    ("capacity",), ("init",), ("export",),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "REDIS_URL", "SOURCE_URL", "SOURCE_SCHEMA"):
        monkeypatch.delenv(f"WARMLINE_{name}", raising=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_help(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    assert " ".join(("warmline", *command)) in capsys.readouterr().out


def test_help_loads_neither_the_stores_nor_numpy() -> None:
    heavy = "{'sqlalchemy', 'redis', 'numpy', 'pyarrow', 'pydantic_settings'}"
    code = (
        f"import sys; from warmline.__main__ import main; main(['--help']); sys.exit(bool({heavy} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["migrate", "--jsn"],
        ["import"],
        ["phase", "set", "cold"],
        ["phase", "set", "neucf", "--rollout-percent", "101"],
        ["run", "everything"],
        ["inspect", "u1", "--limit", "0"],
        ["inspect", "u1", "--limit", "1_0"],
        ["inspect", "u1", "--limit", "1001"],
        ["promote", "1_0"],
        ["promote", "0"],
        ["phase", "set", "neucf", "--rollout-percent", "1_0"],
        ["phase", "set", "neucf", "--rollout-percent", "nan"],
        ["capacity", "--users", "1_0", "--posts", "1", "--interactions", "0"],
        ["capacity", "--users", "10"],
        ["export"],
    ],
)
def test_wrong_usage_gives_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage: warmline" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["migrate"],
        ["import", "."],
        ["doctor"],
        ["phase", "get"],
        ["run", "heuristic"],
        ["inspect", "u1"],
        ["capacity", "--users", "1", "--posts", "1", "--interactions", "1"],
    ],
)
def test_missing_settings_give_one_line_each_and_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["WARMLINE_DATABASE_URL", "WARMLINE_REDIS_URL"]


def test_an_id_that_no_user_can_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "x" * 129]) == 2
    assert "expected an id of 1 to 128 characters" in capsys.readouterr().err


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"warmline {VERSION}\n"
