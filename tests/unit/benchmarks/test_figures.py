"""Figures: bounds that are the exit code, and what is written."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkRefused
from benchmarks.figures import (
    Result,
    Row,
    at_least,
    at_most,
    count,
    report,
    write_json,
)


def test_a_broken_bound_is_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row(system="ours", metric="rate", value=3.0, unit="lists/s", ratio=0.5)
    good, broken = at_least("ours ÷ bare", 0.5, 0.4), at_most("seconds", 20.0, 15.0)
    assert report(Result(title="t", rows=[row], bounds=[good]), None) == 0
    assert report(Result(title="t", rows=[row], bounds=[good, broken]), None) == 1
    assert "must: seconds ≤ 15: got 20, DOES NOT HOLD" in capsys.readouterr().out


def test_json_is_an_array_with_one_row_a_line(tmp_path: Path) -> None:
    rows = [
        Row(system="plain", metric="seconds", value=2.0, unit="s"),
        Row(system="ours", metric="seconds", value=1.0, unit="s", ratio=0.5),
    ]
    write_json(rows, tmp_path / "figures.json")
    written = (tmp_path / "figures.json").read_text()
    assert len(written.splitlines()) == 2 + len(rows)
    assert json.loads(written)[1] == {"system": "ours", "metric": "seconds", "value": 1.0, "unit": "s", "ratio": 0.5}


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkRefused, match="name a file in a folder that exists"):
        write_json([], tmp_path / "nowhere" / "figures.json")


def test_a_count_may_have_underscores_between_its_digits() -> None:
    assert count("10_000") == 10_000


def test_the_table_says_what_a_ratio_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row(system="ours", metric="rate", value=3.0, unit="lists/s", ratio=0.5)
    report(Result(title="t", rows=[row], ratio="ours ÷ it"), None)
    assert "ours ÷ it" in capsys.readouterr().out
    report(Result(title="t", rows=[replace(row, ratio=None)], ratio="ours ÷ it"), None)
    assert "ours ÷ it" not in capsys.readouterr().out
