"""How results look, whatever a database holds and however wide the terminal is."""

import io
import json

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.text.printable import printable
from warmline import screen
from warmline.screen import fits, number_of, print_hanging, say, show_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b2J", "\\x9b2J"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("家族 👨\u200d👩\u200d👧 می\u200cخواهم", "家族 👨\u200d👩\u200d👧 می\u200cخواهم"),
    ],
)
def test_what_would_steer_a_terminal_is_written_as_its_number(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_json_holds_the_same_values_without_steering_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"caption": "\x1b\x9b\u202e\x7f é 家"}
    show_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert not {"\x1b", "\x9b", "\u202e", "\x7f"} & set(printed)
    assert "é 家" in printed


def lines(width: int, *, is_terminal: bool) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=is_terminal, color_system=None)
    print_hanging(Text("problem  posts: " + "word " * 20), console, first=0, further=9)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [46, 80])
def test_lines_stand_under_each_other_and_within_the_terminal(width: int) -> None:
    first, *further = lines(width, is_terminal=True)
    assert first.startswith("problem  posts: word")
    assert further
    assert all(line.startswith(" " * 9 + "word") for line in further)
    assert all(len(line) <= width for line in (first, *further))


def test_a_pipe_gets_one_line() -> None:
    assert len(lines(46, is_terminal=False)) == 1


def test_a_result_is_broken_between_words_at_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ("Withheld: 0 blocked authors, 12 hidden posts", "  indented words")
    say(*said)
    assert capsys.readouterr().out.splitlines() == [*said]
    file = io.StringIO()
    terminal = Console(file=file, width=20, force_terminal=True, color_system=None, highlight=False)
    monkeypatch.setattr(screen, "console", lambda: terminal)
    say(*said)
    assert file.getvalue().splitlines() == ["Withheld: 0 blocked", "authors, 12 hidden", "posts", "  indented words"]


@pytest.mark.parametrize(("number", "is_narrow_enough"), [("1,234,567", True), ("12,345,678", False)])
def test_a_table_fits_as_long_as_no_cell_is_broken(number: str, is_narrow_enough: bool) -> None:
    table = Table("", "")
    table.add_row("posts", number)
    assert fits(table, Console(file=io.StringIO(), width=21)) is is_narrow_enough


@pytest.mark.parametrize(("count", "said"), [(0, "0 users"), (1, "1 user"), (1200, "1,200 users")])
def test_one_of_something_is_no_plural(count: int, said: str) -> None:
    assert number_of(count, "user") == said
