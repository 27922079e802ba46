"""Figures: turns, ratios of one round, peaks, and what is written."""

import json
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkRefused
from benchmarks.figures import (
    Result,
    Row,
    at_least,
    at_most,
    count,
    forget_peak,
    paired_ratio,
    peak_rss,
    report,
    take_turns,
    write_json,
)

MIB = 1 << 20


def test_the_systems_take_turns_and_each_begins_a_round() -> None:
    called: list[str] = []
    seconds = take_turns({name: lambda name=name: called.append(name) for name in "abc"}, rounds=3)  # type: ignore[misc]
    assert "".join(called) == "abcbcacab"
    assert [len(each) for each in seconds.values()] == [3, 3, 3]


def test_a_ratio_is_of_the_same_round() -> None:
    # The machine was ten times slower in the last round, for both: the ratio does not change.
    assert paired_ratio([2.0, 2.2, 20.0], [1.0, 1.1, 10.0]) == pytest.approx(2.0)


def test_the_peak_holds_what_was_freed_since_it_was_forgotten() -> None:
    forget_peak()
    before = peak_rss()
    block = bytearray(200 * MIB)
    del block
    assert peak_rss() >= before + 150 * MIB
    forget_peak()
    assert peak_rss() < before + 150 * MIB


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
