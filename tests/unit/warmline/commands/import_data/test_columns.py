"""The help's table of columns says what the import reads."""

import pytest

from shared.db.imports import COLUMNS
from shared.db.relations import CONTRACT, OPTIONAL_RELATIONS
from warmline.__main__ import main
from warmline.commands.import_data import columns as import_columns


def test_the_table_has_the_columns_that_are_imported_in_their_order() -> None:
    assert {name: tuple(columns) for name, columns in import_columns.COLUMNS.items()} == COLUMNS
    assert list(import_columns.COLUMNS) == [*CONTRACT, *OPTIONAL_RELATIONS]


def test_the_help_has_the_table_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["import", "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for line in import_columns.table().splitlines():
        assert line.strip() in lines
