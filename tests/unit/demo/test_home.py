"""The demo's folder: what cannot be made is said in one line, and a second terminal finds all that lies in it."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from demo.__main__ import OF_HOME, _make_home, _write_demo_env
from demo.context import Addresses
from demo.errors import DataFolderUnusable
from demo.options import read_options
from demo.secret_files import load_keys
from demo.world import DemoUsers
from demo.world_setup import PreparedWorld


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnusable, match=r"file/home: cannot be made .*name another folder"):
        _make_home(tmp_path / "file" / "home")


def test_a_second_terminal_is_given_what_lies_in_the_demos_folder(tmp_path: Path) -> None:
    cast = DemoUsers(**dict.fromkeys(DemoUsers.__dataclass_fields__, "someone"))
    prepared = PreparedWorld(cast=cast, users=1, posts=0, interactions=0, blocks=0, how="made", seconds=1.0)
    urls = Addresses(
        database_url="postgresql://d",
        redis_url="redis://r",
        timeline_url="http://127.0.0.1:8000",
        feed_url="http://127.0.0.1:8090",
    )
    _write_demo_env(read_options(["--home", str(tmp_path)], {}), urls, load_keys(tmp_path / "keys.json", {}), prepared)
    given = dotenv_values(tmp_path / "demo.env")
    assert "WARMLINE_SNAPSHOT_FILE" in OF_HOME
    assert all(Path(given[name] or "/").is_relative_to(tmp_path) for name in OF_HOME)
