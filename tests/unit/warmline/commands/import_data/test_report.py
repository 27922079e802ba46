"""What an import prints, however wide the terminal is."""

import io

import pytest
from rich.console import Console

from shared.db.imports import MergedRows
from warmline import screen
from warmline.commands.import_data import report
from warmline.commands.import_data.bad_rows import BadRows
from warmline.commands.import_data.repeated_ids import RepeatedIds
from warmline.commands.import_data.report import FileReport, show_report

FILES = [
    FileReport(
        relation=name, file=f"{name}.csv", good=12_345_678, bad=1_234_567,
        merged=MergedRows(new=10_000_000, changed=1_000_000, erased=1_000_000), repeated=RepeatedIds(count=0, lines=()),
    )
    for name in ("users", "interactions")
]  # fmt: skip


@pytest.mark.parametrize(("width", "has_table"), [(80, False), (120, True)])
def test_no_number_is_broken(monkeypatch: pytest.MonkeyPatch, width: int, has_table: bool) -> None:
    file = io.StringIO()
    terminal = Console(file=file, width=width, force_terminal=True, color_system=None, highlight=False)
    for module in (screen, report):
        monkeypatch.setattr(module, "console", lambda: terminal)
    show_report(FILES, BadRows(None), (), seconds=1.0, as_json=False)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    for number in ("13,580,245", "10,000,000", "1,000,000", "345,678", "1,234,567"):
        assert sum(line.count(number) for line in lines) >= len(FILES), number
    assert ("┃" in lines[1]) is has_table
