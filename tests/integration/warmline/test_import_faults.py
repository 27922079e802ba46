"""What people get wrong in a folder: each is told, and nothing is guessed."""

from pathlib import Path

import pytest

from shared.db.engine import Database
from tests.integration.warmline.answers import Command
from tests.integration.warmline.test_import import AT, FILES, counts, write
from tests.stores import rows, scalar
from warmline.commands.import_data.columns import COLUMNS

SAMPLE = Path(__file__).parents[3] / "docs" / "sample-import"
BARE = f"id,author_id,created_at\np1,u1,{AT}\n"


def test_the_sample_folder_is_imported_without_a_word(warmline: Command, database: Database) -> None:
    answer = warmline("import", str(SAMPLE))
    assert (answer.code, answer.err, counts(database)) == (0, "", (3, 4, 6, 1))
    assert scalar(database, "SELECT count(*) FROM warmline.posts WHERE deleted_at IS NULL") == 3


def test_the_sample_folder_has_every_column() -> None:
    for relation, columns in COLUMNS.items():
        header = (SAMPLE / f"{relation}.csv").read_text(encoding="utf-8").partition("\n")[0]
        assert header == ",".join(columns)


def test_columns_that_may_be_null_may_be_absent_and_that_is_told(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    answer = warmline("import", write(tmp_path / "in", posts=BARE))
    assert answer.code == 0
    assert "posts.csv has no column caption, image_url, deleted_at: new rows have none" in answer.err
    stored = rows(database, "SELECT caption, image_url, deleted_at FROM warmline.posts")
    assert stored == [("", None, None)]


def test_what_is_absent_from_a_later_folder_stays_as_it_is(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    deleted = f"id,author_id,caption,image_url,created_at,deleted_at\np1,u1,a cat,1.jpg,{AT},{AT}\n"
    warmline("import", write(tmp_path / "in", posts=deleted))
    answer = warmline("import", write(tmp_path / "later", posts=BARE), "--json")
    assert answer.json["files"]["posts"]["unchanged"] == 1
    stored = rows(database, "SELECT caption, image_url, deleted_at IS NULL FROM warmline.posts")
    assert stored == [("a cat", "1.jpg", False)]


def test_a_column_that_is_not_read_is_told(warmline: Command, tmp_path: Path) -> None:
    answer = warmline("import", write(tmp_path / "in", users=f"id,created_at,colour\nu1,{AT},red\n"), "--json")
    assert answer.json["notes"] == ["users.csv: not read are the columns colour"]


def test_the_delimiter_that_the_refusal_names_cures_it(warmline: Command, database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", **{name: content.replace(",", "\t") for name, content in FILES.items()})
    refused = warmline("import", folder)
    assert (refused.code, counts(database)) == (2, (0, 0, 0, 0))
    assert refused.err.count("its fields are separated by a tab, expected a comma; say --delimiter tab") == 4
    assert (warmline("import", folder, "--delimiter", "tab").code, counts(database)) == (0, (2, 2, 2, 1))


@pytest.mark.parametrize("given", ["", "ab", '"'])
def test_a_delimiter_that_can_be_none_is_refused(warmline: Command, tmp_path: Path, given: str) -> None:
    answer = warmline("import", write(tmp_path / "in", **FILES), "--delimiter", given)
    assert answer.code == 2
    assert "expected one character, or tab" in answer.err


def test_a_file_of_unknown_name_beside_the_known_ones_is_told(warmline: Command, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", users=FILES["users"], likes="user_id,post_id\n")
    answer = warmline("import", folder)
    assert answer.code == 0
    assert "likes.csv is not read: expected names are users.csv, posts.csv, interactions.csv, blocks.csv" in answer.err


def test_the_same_id_twice_with_other_content_is_told(warmline: Command, database: Database, tmp_path: Path) -> None:
    posts = f"id,author_id,caption,image_url,created_at,deleted_at\np1,u1,a cat,,{AT},\np1,u1,a dog,,{AT},\n"
    folder = write(tmp_path / "in", posts=posts)
    answer = warmline("import", folder)
    assert answer.code == 1
    assert "1 ids stand in several rows of posts.csv with other content; the last row of each was kept" in answer.err
    assert "posts.csv:3: the id of line 2 again, with other content" in answer.err
    assert scalar(database, "SELECT caption FROM warmline.posts") == "a dog"
    assert warmline("import", folder, "--json").json["same_id"] == {"posts": {"ids": 1, "lines": [[2, 3]]}}


def test_a_file_in_latin_1_is_told_how_to_become_utf_8(warmline: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "users.csv").write_bytes(f"id,created_at\nren\xe9,{AT}\n".encode("latin-1"))
    answer = warmline("import", str(folder))
    assert answer.code == 1
    assert "`iconv -f ISO-8859-1 -t UTF-8` makes one" in answer.err


def test_a_header_without_rows_is_a_good_file(warmline: Command, tmp_path: Path) -> None:
    answer = warmline("import", write(tmp_path / "in", blocks="user_id,blocked_user_id,created_at\n"), "--json")
    assert (answer.code, answer.json["files"]["blocks"]["rows"]) == (0, 0)
