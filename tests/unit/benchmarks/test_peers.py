"""Programs that work when told to, as other processes; and venvs that are made once."""

import sys
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkRefused
from benchmarks.peers import STAMP, PeerVenv, peer_python, running

NOISY = """
import sys
print("a library says hello"); print("[1, 2]")
for line in sys.stdin:
    print("epoch 1 …"); print('{"heard": %d}' % int(line), flush=True)
"""


def test_an_answer_is_found_among_what_libraries_print() -> None:
    with running("noisy", [sys.executable, "-c", NOISY], threads=1) as program:
        assert [program.ask("3"), program.ask("4")] == [{"heard": 3}, {"heard": 4}]
        assert program.said == {"heard": 4}


def test_a_program_that_ended_is_named() -> None:
    with (
        running("gone", [sys.executable, "-c", "print(7)"], threads=1) as program,
        pytest.raises(BenchmarkRefused, match="gone: its process has ended"),
    ):
        program.ask("1")


def test_no_program_outlives_its_block() -> None:
    with running("noisy", [sys.executable, "-c", NOISY], threads=1) as program:
        assert program.process.poll() is None
    assert program.process.poll() is not None


def test_a_venv_that_has_what_is_wanted_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / STAMP).write_text("torch==1\ncornac==2", encoding="utf-8")
    wanted = PeerVenv(folder=tmp_path, packages=("torch==1", "cornac==2"))
    assert peer_python(wanted) == tmp_path / "bin" / "python"
    assert sorted(path.name for path in tmp_path.iterdir()) == [STAMP]
