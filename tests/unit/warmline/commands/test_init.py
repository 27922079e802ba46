"""`warmline init`: what a `.env` lacks is added, what it has stays, and nobody else may read it."""

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from warmline.__main__ import main
from warmline.env_file import SECRETS

NAMES = [f"WARMLINE_{name}" for name in SECRETS]
FILE = Path(".env")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_without_a_file_it_writes_one_that_its_owner_alone_may_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    values = dotenv_values(FILE)
    assert list(values) == NAMES
    assert all(len(value or "") == 64 for value in values.values())
    assert len(set(values.values())) == len(NAMES)
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o600
    assert not any(value and value in capsys.readouterr().out for value in values.values())


def test_it_adds_what_a_file_of_an_earlier_version_lacks_and_changes_nothing_else() -> None:
    before = "# mine\nWARMLINE_ADMIN_TOKEN=a\nexport WARMLINE_API_KEY = 'b'\nWARMLINE_JWT_KEY=c\nWARMLINE_ALPHA=0.5"
    FILE.write_text(before)
    FILE.chmod(0o644)
    assert main(["init"]) == 0
    after = FILE.read_text()
    assert after.startswith(before + "\nWARMLINE_SIGNING_KEY=")
    assert after.count("\n") == before.count("\n") + 2
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o600


def test_a_blank_secret_is_filled_where_it_stands() -> None:
    FILE.write_text("WARMLINE_SIGNING_KEY=   # signs cursors\nWARMLINE_ENV=dev\n")
    main(["init"])
    first, second, *_ = FILE.read_text().splitlines()
    assert first.startswith("WARMLINE_SIGNING_KEY=")
    assert len(dotenv_values(FILE)["WARMLINE_SIGNING_KEY"] or "") == 64
    assert second == "WARMLINE_ENV=dev"


def test_a_second_time_it_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    main(["init"])
    before = FILE.read_bytes()
    assert main(["init"]) == 0
    assert FILE.read_bytes() == before
    assert ".env: lacks no secret" in capsys.readouterr().out


def test_a_key_pair_for_tokens_is_its_owners_to_make() -> None:
    FILE.write_text("WARMLINE_JWT_ALGORITHM=EdDSA\n")
    main(["init"])
    assert "WARMLINE_JWT_KEY" not in dotenv_values(FILE)


def test_what_the_environment_has_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_API_KEY", "given")
    main(["init"])
    assert "WARMLINE_API_KEY" not in dotenv_values(FILE)


def test_bytes_that_are_no_utf_8_stay() -> None:
    FILE.write_bytes(b"# caf\xe9\r\nWARMLINE_ALPHA=0.5\r\n")
    main(["init"])
    assert FILE.read_bytes().startswith(b"# caf\xe9\r\nWARMLINE_ALPHA=0.5\r\nWARMLINE_ADMIN_TOKEN=")


def test_a_folder_in_its_place_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    FILE.mkdir()
    assert main(["init"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
