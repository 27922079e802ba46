"""What unit tests share."""

from pathlib import Path

import pytest


@pytest.fixture
def no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of settings run in an empty folder: the checkout has a `.env` after `make env`."""
    monkeypatch.chdir(tmp_path)
