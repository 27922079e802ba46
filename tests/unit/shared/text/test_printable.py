"""Text of others on its way to a terminal, a log or a page; and that there is no other way."""

import io
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from shared.domain import is_photo_reference
from shared.errors import ConfigurationError, ImportRefused
from shared.jobs.stopping import exit_code_of
from shared.logs import log_trouble, start_logging
from shared.text.printable import STEERING_CHARACTERS, has_control_characters, printable, printable_json
from shared.text.safe_console import SafeConsole

ROOT = Path(__file__).parents[4]
HOSTILE = "\x1b[2J\x1b]0;owned\x07 \x9b2J \u202egnp\r\n2026 WARNING forged \u2028 \x85 \u2066 \x7f"
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
SERVICES = ("shared", "s01_heuristic", "s02_train_neucf", "s02_recsys_neucf", "timeline", "warmline")


def is_one_line(printed: str) -> bool:
    return not STEERING.search(printed) and printed.count("\n") == 1 and printed.endswith("\n")


@pytest.fixture
def _logging() -> object:
    root, ours = logging.getLogger(), logging.getLogger("warmline")
    before = root.handlers[:], root.level, ours.level
    start_logging()
    yield
    root.handlers[:], root.level, ours.level = before


@pytest.mark.usefixtures("_logging")
def test_a_line_of_the_log_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log_trouble("test.event", reason=HOSTILE)
    assert is_one_line(capsys.readouterr().err)


@pytest.mark.usefixtures("_logging")
def test_a_fact_cannot_look_like_another_one(capsys: pytest.CaptureFixture[str]) -> None:
    log_trouble("test.event", reason='x" run="7', worker='"')
    assert capsys.readouterr().err.endswith('test.event reason="x\\" run=\\"7" worker="\\""\n')


@pytest.mark.usefixtures("_logging")
def test_neither_can_what_a_library_says(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("library").warning("cannot read %s", HOSTILE)
    assert is_one_line(capsys.readouterr().err)


@pytest.mark.usefixtures("_logging")
def test_a_traceback_keeps_its_lines_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("\x1b[2J\x9b")
    except ValueError:
        logging.getLogger("library").exception("it failed")
    printed = capsys.readouterr().err
    assert not STEERING.search(printed)
    assert printed.splitlines()[-1] == "ValueError: \\x1b[2J\\x9b"


@pytest.mark.parametrize("error", [ConfigurationError(f"WARMLINE_X: got {HOSTILE}", "y"), ImportRefused("x", HOSTILE)])
def test_an_error_that_ends_a_process_has_the_lines_that_it_was_given(
    capsys: pytest.CaptureFixture[str], error: ConfigurationError
) -> None:
    def fail() -> int:
        raise error

    assert exit_code_of(fail) == 2
    printed = capsys.readouterr().err
    assert not STEERING.search(printed)
    assert printed.count("\n") == 2


def a_table() -> Table:
    table = Table()
    table.add_column(f"name {HOSTILE}")
    table.add_row(Text(HOSTILE))
    return table


def a_bar() -> Progress:
    progress = Progress()
    progress.add_task(HOSTILE.replace("[", "("))
    return progress


@pytest.mark.parametrize("made", [a_table, lambda: Text(HOSTILE), lambda: HOSTILE, lambda: a_bar().get_renderable()])
def test_a_console_shows_what_it_is_given_and_no_more(made: Callable[[], str]) -> None:
    file = io.StringIO()
    SafeConsole(file=file, width=160, markup=False, color_system=None).print(made())
    assert not STEERING.search(file.getvalue())
    assert "owned" in file.getvalue()


def test_styles_still_work() -> None:
    file = io.StringIO()
    SafeConsole(file=file, force_terminal=True, color_system="standard").print(Text("bold \x1b[2J", style="bold"))
    assert file.getvalue() == "\x1b[1mbold \\x1b[2J\x1b[0m\n"


def test_json_keeps_its_values() -> None:
    text = json.dumps({"error": HOSTILE, "name": "家族 é \ud800"}, ensure_ascii=False)
    assert not has_control_characters(printable_json(text))
    assert json.loads(printable_json(text)) == json.loads(text)


def test_what_is_printable_is_left_alone() -> None:
    text = "家族 👨\u200d👩\u200d👧 می\u200cخواهم \\ [bold] é"
    assert printable(text) == text
    assert printable(printable(HOSTILE)) == printable(HOSTILE)


@pytest.mark.parametrize(
    "mark", ["\x00", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2069"]
)
def test_no_photo_is_named_by_control_characters(mark: str) -> None:
    assert re.search(f"[{STEERING_CHARACTERS}]", mark)
    for reference in (f"https://x.example/{mark}.jpg", f"a{mark}.jpg", f"{mark}a.jpg", f"a.jpg{mark}"):
        assert not is_photo_reference(reference)


# Where text may be written without `printable`: there it is made so, or is a constant of ours.
WRITERS = {"shared/text/printable.py": 1, "warmline/screen.py": 1, "warmline/__main__.py": 1}
CONSOLES = re.compile(r"(?<!Safe)\bConsole\((?!Console)")


def test_nothing_else_writes_to_a_terminal() -> None:
    found: dict[str, int] = {}
    for service in SERVICES:
        for path in sorted((ROOT / service).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            n = len(re.findall(r"std(?:out|err)\.write\(|\bprint\((?!.*console)", source.replace(".print(", ".show(")))
            if n:
                found[str(path.relative_to(ROOT))] = n
            assert path.name == "safe_console.py" or not CONSOLES.search(source), path
    assert found == WRITERS
