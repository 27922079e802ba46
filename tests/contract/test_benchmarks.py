"""Every benchmark that the Makefile names is there, and the regression guard is part of what a change must pass."""

import re
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.figures import Row

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
NOT_RUN_BY_MAKE = {
    "quality",
    "train_memory",
    "new_posts",
    "world",
    "whole",
    "recommendations",
}  # minutes to hours of their own


def _names(variable: str) -> list[str]:
    found = re.search(rf"^{variable} := (.*)$", MAKEFILE, re.MULTILINE)
    assert found, variable
    return found[1].split()


@pytest.mark.parametrize("name", _names("BENCHMARKS"))
def test_each_benchmark_can_be_run(name: str) -> None:
    assert find_spec(f"benchmarks.{name}.__main__" if _is_package(name) else f"benchmarks.{name}")


def test_no_benchmark_is_left_out() -> None:
    folder = ROOT / "benchmarks"
    there = {path.parent.name for path in folder.glob("*/__main__.py")} | {
        path.stem for path in folder.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")
    }
    assert there - NOT_RUN_BY_MAKE <= set(_names("BENCHMARKS"))


def test_the_guard_runs_after_the_tests() -> None:
    assert set(_names("RATIOS")) <= set(_names("BENCHMARKS"))
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    tests = next(place for place, step in enumerate(steps) if step.startswith("make test"))
    assert steps.index("make ratios") > tests


def test_figures_are_written_in_one_place_with_five_keys() -> None:
    offering = {
        path.relative_to(ROOT / "benchmarks").as_posix()
        for path in (ROOT / "benchmarks").rglob("*.py")
        if '"--json"' in path.read_text(encoding="utf-8")
    }
    assert offering == {"figures.py", "quality/options.py"}  # quality is no figure of speed or size
    assert [field.name for field in fields(Row)] == ["system", "metric", "value", "unit", "ratio"]


def _is_package(name: str) -> bool:
    return (ROOT / "benchmarks" / name).is_dir()
