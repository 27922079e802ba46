"""Secrets, `.warmline/demo.env` and `.env`."""

import stat
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from demo.secret_files import load_keys, write_environment, write_private
from warmline.env_file import fill_secrets

AWKWARD = {"WARMLINE_DATABASE_URL": "postgresql://u:p$w'd@h/db?a=1&b=2", "WARMLINE_API_KEY": "plain"}


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "file", "secret")
    assert _mode(tmp_path / "file") == 0o600


def test_a_file_that_was_open_to_all_is_closed_when_written_again(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o644)
    write_private(tmp_path / "file", "secret")
    assert _mode(tmp_path / "file") == 0o600


def test_keys_are_made_once(tmp_path: Path) -> None:
    assert load_keys(tmp_path / "keys.json", {}) == load_keys(tmp_path / "keys.json", {})


def test_each_key_is_another(tmp_path: Path) -> None:
    keys = load_keys(tmp_path / "keys.json", {})
    assert len({keys.admin_token, keys.api_key, keys.jwt_key, keys.signing_key}) == 4


def test_the_users_own_key_is_taken(tmp_path: Path) -> None:
    assert load_keys(tmp_path / "keys.json", {"WARMLINE_API_KEY": "mine"}).api_key == "mine"


def test_the_users_own_key_is_not_stored(tmp_path: Path) -> None:
    load_keys(tmp_path / "keys.json", {"WARMLINE_API_KEY": "mine"})
    assert "mine" not in (tmp_path / "keys.json").read_text()


def test_the_environment_file_reads_the_same_in_a_shell(tmp_path: Path) -> None:
    write_environment(tmp_path / "demo.env", AWKWARD)
    script = '. "$1"; printf %s "$WARMLINE_DATABASE_URL"'
    shell = subprocess.run(["/bin/sh", "-c", script, "sh", tmp_path / "demo.env"], capture_output=True, check=True)
    assert shell.stdout.decode() == AWKWARD["WARMLINE_DATABASE_URL"]


def test_the_environment_file_reads_the_same_by_dotenv(tmp_path: Path) -> None:
    plain = {name: value.replace("'", "") for name, value in AWKWARD.items()}
    write_environment(tmp_path / "demo.env", plain)
    assert dotenv_values(tmp_path / "demo.env") == plain


@pytest.mark.parametrize("line", ["WARMLINE_ADMIN_TOKEN=", "WARMLINE_JWT_KEY=   # 32 bytes or more"])
def test_a_blank_secret_is_filled(line: str) -> None:
    assert fill_secrets(line) != line


@pytest.mark.parametrize("line", ["WARMLINE_API_KEY=given", "WARMLINE_ALPHA=0.6", "WARMLINE_SOURCE_URL=", "# a KEY="])
def test_everything_else_in_the_example_stays(line: str) -> None:
    assert fill_secrets(line) == line
