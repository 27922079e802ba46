"""`warmline export` on real servers, in the world of ten posts."""

import json
import stat
from pathlib import Path

import pytest

from shared.db.engine import Database
from shared.ranked_lists.job_store import JobStore
from tests.integration.warmline.answers import Command
from tests.model_files import put_on_record
from tests.stores import bury_in, execute, heuristic_run, rows
from tests.worlds import TEN_POSTS, TEN_POSTS_LISTS, write_own_tables


@pytest.fixture(autouse=True)
def _published(database: Database, writer: JobStore) -> None:
    """The ten posts, ranked."""
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)


def test_the_document_stands_on_standard_output_and_holds_the_list_worked_out_on_paper(warmline: Command) -> None:
    answer = warmline("export", "--user", "ben")
    posts = answer.json["redis"]["lists"]["heuristic"]["posts"]
    assert (answer.code, answer.json["missing"], answer.err) == (0, [], "")
    assert tuple(post["id"] for post in posts) == TEN_POSTS_LISTS["ben"]


def test_a_file_holds_the_same_and_only_its_owner_may_read_it(warmline: Command, tmp_path: Path) -> None:
    path = tmp_path / "ben.json"
    path.write_text("older, and longer than any document " * 1000)
    assert warmline("export", "--user", "ben", "--output", str(path)).out == ""
    fromfile, printed = json.loads(path.read_text()), warmline("export", "--user", "ben").json
    assert {**fromfile, "made_at": ""} == {**printed, "made_at": ""}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_said(warmline: Command, tmp_path: Path) -> None:
    answer = warmline("export", "--user", "ben", "--output", str(tmp_path / "nowhere" / "ben.json"))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("--output: ")


def test_a_user_of_whom_nothing_is_held_gives_1_and_no_file(warmline: Command, tmp_path: Path) -> None:
    path = tmp_path / "nobody.json"
    answer = warmline("export", "--user", "nobody", "--output", str(path))
    assert (answer.code, answer.out, path.exists()) == (1, "", False)
    assert answer.err == "nothing is held about this user\n"


def test_an_erased_user_gives_1(warmline: Command, database: Database) -> None:
    bury_in(database, "users", "ben")
    answer = warmline("export", "--user", "ben")
    assert (answer.code, answer.out) == (1, "")
    assert "was erased" in answer.err


def test_an_unusable_id_gives_2(warmline: Command) -> None:
    assert warmline("export", "--user", " ben").code == 2


def test_the_audit_names_who_exported_and_not_whose_data(warmline: Command, database: Database) -> None:
    warmline("export", "--user", "ben", "--by", "the data officer")
    warmline("export", "--user", "nobody", "--by", "somebody curious")
    audit = rows(database, "SELECT who, deed, was, became FROM warmline.audit")
    assert audit == [("the data officer", "export of one user's data", None, None)]


def test_with_redis_away_it_says_so_and_gives_1(warmline: Command) -> None:
    answer = warmline("export", "--user", "ben", redis_url="redis://127.0.0.1:1")
    assert (answer.code, answer.json["missing"], answer.json["redis"]) == (1, ["redis"], None)
    assert answer.err.startswith("Redis does not answer")


def test_without_the_model_folder_it_says_so_and_gives_1(warmline: Command, database: Database) -> None:
    put_on_record(database, None, "model-1")
    answer = warmline("export", "--user", "ben", model_dir="not-mounted")
    assert (answer.code, answer.json["missing"], answer.json["models"]) == (1, ["models"], [])
    assert "WARMLINE_MODEL_DIR" in answer.err


def test_captions_cannot_steer_the_terminal(warmline: Command, database: Database) -> None:
    execute(database, "UPDATE warmline.posts SET caption = :text", text="\x1b[31m\x9b\u202e\u2028")
    author = rows(database, "SELECT author_id FROM warmline.posts LIMIT 1")[0][0]
    answer = warmline("export", "--user", author)
    assert answer.json["posts"][0]["caption"] == "\x1b[31m\x9b\u202e\u2028"
    assert not set(answer.out) & set("\x1b\x9b\u202e\u2028")
