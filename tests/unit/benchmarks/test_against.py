"""`benchmarks.serve --against`: another commit's files, and which work counts as slower."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkRefused
from benchmarks.serve.__main__ import main
from benchmarks.serve.against import Pair, _bounds
from benchmarks.serve.checkout import checkout
from benchmarks.serve.client import Timing
from benchmarks.serve.rounds import Measured

ROUNDS = 9


def _measured(seconds: float) -> Measured:
    """So many seconds for a hundred requests in each round, and as much of the processor for each."""
    full = [Timing(seconds=[0.01] * 100, whole=seconds) for _ in range(ROUNDS)]
    return Measured(system="", full=full, processor=[seconds / 100] * ROUNDS)


@pytest.mark.parametrize(("this", "holds"), [(0.9, True), (1.04, True), (1.06, False)])
def test_what_takes_a_twentieth_longer_than_the_other_commit_does_not_hold(this: float, *, holds: bool) -> None:
    pair = Pair(kind="first page", this=_measured(this), other=_measured(1.0))
    assert [bound.holds for bound in _bounds(pair)] == [holds, holds]
    assert [bound.got for bound in _bounds(pair)] == pytest.approx([1 / this, 1 / this])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One with a commit, and a change that is in none."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "page.py").write_text("committed")
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "One"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)
    (folder / "page.py").write_text("changed since")
    return folder


def test_the_other_commit_comes_as_it_was_and_goes_again(tmp_path: Path, repository: Path) -> None:
    with checkout("HEAD", tmp_path, repository=repository) as other:
        assert (other.root / "page.py").read_text() == "committed"
    assert not other.root.exists()
    assert (repository / "page.py").read_text() == "changed since"


@pytest.mark.parametrize("revision", ["no-such-commit", "--help", "HEAD:page.py", ""])
def test_what_is_no_commit_is_refused(tmp_path: Path, repository: Path, revision: str) -> None:
    with pytest.raises(BenchmarkRefused, match="expected a commit"):
        checkout(revision, tmp_path, repository=repository).__enter__()


def test_too_few_rounds_for_an_interval_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--against", "HEAD", "--rounds", "8"])
    assert "--rounds: got 8, expected 9 or more" in capsys.readouterr().err
