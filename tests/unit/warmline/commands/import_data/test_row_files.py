"""Which files of a folder are imported."""

from pathlib import Path

import pytest

from shared.errors import ImportRefused
from warmline.commands.import_data.row_files import find_files, open_files, unread_files


def test_any_of_the_four_will_do_in_either_format(tmp_path: Path) -> None:
    (tmp_path / "blocks.csv").touch()
    (tmp_path / "posts.parquet").touch()
    (tmp_path / "notes.txt").touch()
    assert list(find_files(tmp_path).items()) == [
        ("posts", tmp_path / "posts.parquet"),
        ("blocks", tmp_path / "blocks.csv"),
    ]


def test_a_folder_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"got none of these files, expected some of users\.csv"):
        find_files(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="got no such folder"):
        find_files(tmp_path / "typo")


def test_a_relation_in_both_formats_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users.csv").touch()
    (tmp_path / "users.parquet").touch()
    with pytest.raises(ImportRefused, match=r"users\.csv and users\.parquet; leave one"):
        find_files(tmp_path)


def test_every_file_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("name\n")
    (tmp_path / "blocks.csv").write_text("user_id,blocked_user_id\n")
    with pytest.raises(ImportRefused, match=r"(?s)users\.csv: lacks.*blocks\.csv: lacks the column created_at"):
        open_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Users.csv", "got Users.csv, expected users.csv; rename it"),
        ("user.csv", "got user.csv, expected users.csv; rename it"),
        ("posts.CSV", "got posts.CSV, expected posts.csv; rename it"),
        ("interaction.parquet", "got interaction.parquet, expected interactions.parquet; rename it"),
        ("posts.tsv", "expected posts.csv; rename it, and say --delimiter tab"),
        (
            "posts.csv.gz",
            r"got posts.csv.gz, which is packed; unpack it first \(gunzip\) to posts.csv or posts.parquet",
        ),
        ("blocks.json", "expected blocks.csv or blocks.parquet; write it anew"),
    ],
)
def test_a_file_that_is_surely_meant_and_would_not_be_read_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "blocks.csv").touch()
    (tmp_path / name).touch()
    with pytest.raises(ImportRefused, match=says):
        find_files(tmp_path)


def test_a_file_of_unknown_name_is_told_and_what_is_no_data_is_not(tmp_path: Path) -> None:
    for name in ("users.csv", "likes.csv", "README.md", "users.md", ".users.csv.swp"):
        (tmp_path / name).touch()
    expected = "users.csv, posts.csv, interactions.csv, blocks.csv, mutes.csv, follows.csv (or .parquet)"
    assert unread_files(tmp_path) == [f"likes.csv is not read: expected names are {expected}"]


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "users.csv").touch()
    with pytest.raises(ImportRefused, match="got a file, expected the folder that it lies in"):
        find_files(tmp_path / "users.csv")
