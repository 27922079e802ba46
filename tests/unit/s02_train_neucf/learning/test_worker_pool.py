"""Work in processes: the same results, errors that say what happened, and no process that outlives its parent."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from s02_train_neucf.learning import worker_pool
from s02_train_neucf.learning.side_by_side import ALONE, run_side_by_side
from s02_train_neucf.learning.worker_pool import WorkerPool, workers_of
from shared.errors import TrainingRefused, WorkerDied
from shared.logs import log_event

ROOT = Path(__file__).parents[4]
OnMessage = Callable[[Any], None]
PARENT = """
import sys
from multiprocessing import active_children
from s02_train_neucf.learning.worker_pool import WorkerPool
from tests.unit.s02_train_neucf.learning.test_worker_pool import sleep, print_line
if __name__ == "__main__":
    pool = WorkerPool(1)
    unit = pool.submit(sleep, pool.share(None), name="a fit", on_message=print_line)
    if sys.argv[1:]:
        print_line(active_children()[0].pid)
        sys.exit("the block is not entered, so never left")
    with pool:
        unit.result()
"""


def print_line(message: object) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def sleep(_value: object, on_message: OnMessage) -> None:
    on_message(os.getpid())
    time.sleep(25)


def refuse(_value: object, _tell: OnMessage) -> None:
    raise TrainingRefused("loss: got nan", "a second line")


def wait_for_sigterm(_value: object, on_message: OnMessage) -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"


def die(_value: object, _tell: OnMessage) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def add_one(column: npt.NDArray[np.int64], on_message: OnMessage) -> tuple[int, bool, int, str | None]:
    """The sum afterwards, whether the process is nicer than ours, and its threads."""
    column += 1
    log_event("test.logged", pid=os.getpid())
    on_message("added")
    return int(column.sum()), os.nice(0) > 0, os.getpid(), os.environ["OMP_NUM_THREADS"]


def in_turn(value: object, _tell: OnMessage) -> tuple[float, float]:
    begun = time.monotonic()
    time.sleep(3.0 if value else 0.2)
    return begun, time.monotonic()


class Square:
    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, on_message: OnMessage) -> int:
        for _ in range(3):
            on_message(self.number)
        return self.number**2


def kill_the_worker(name: signal.Signals) -> BaseProcess:
    """Send a signal to the only process."""
    (worker,) = active_children()
    assert worker.pid is not None
    os.kill(worker.pid, name)
    return worker


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def ends(pid: int) -> bool:
    until = time.monotonic() + 15.0
    while not is_gone(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return is_gone(pid)


def test_fits_in_processes_give_what_they_give_without() -> None:
    got, got_alone = list[int](), list[int]()
    fits = [Square(number) for number in (3, 4, 5)]
    with WorkerPool(2) as pool:
        assert run_side_by_side(fits, pool, got.append) == run_side_by_side(fits, ALONE, got_alone.append)
    assert got == got_alone


def test_units_read_one_copy_of_a_shared_value_and_change_only_their_own(caplog: pytest.LogCaptureFixture) -> None:
    column = np.arange(100_000)
    got = list[str]()
    with WorkerPool(1) as pool, caplog.at_level(logging.INFO, logger="warmline"):
        shared = pool.share(column)
        first = pool.submit(add_one, shared, name="a fit", on_message=got.append).result()
        with pytest.raises(WorkerDied):
            pool.submit(die, shared, name="a fit", on_message=print_line).result()
        second = pool.submit(add_one, shared, name="a fit", on_message=got.append).result()
    assert first[0] == second[0] == sum(range(100_000)) + 100_000
    assert column.sum() == sum(range(100_000))
    assert first[1::2] == (True, "1")
    assert len({first[2], second[2], os.getpid()}) == 3
    assert got == ["added", "added"]
    assert [record.getMessage() for record in caplog.records] == [
        f"test.logged pid={each[2]}" for each in (first, second)
    ]
    assert is_gone(first[2])


def test_what_a_unit_raises_is_raised_here_and_the_process_goes_on() -> None:
    with WorkerPool(1) as pool:
        shared = pool.share(None)
        unit = pool.submit(refuse, shared, name="a fit", on_message=print_line)
        kill_the_worker(signal.SIGTERM)  # before it can have said that it ignores it
        with pytest.raises(TrainingRefused) as refused:
            unit.result()
        assert refused.value.lines == ("loss: got nan", "a second line")
        assert pool.submit(wait_for_sigterm, shared, name="a fit", on_message=print_line).result() == "still here"


def test_a_killed_process_is_an_error_that_says_so_and_the_next_unit_gets_another() -> None:
    with WorkerPool(2) as pool:
        shared = pool.share(None)
        with pytest.raises(WorkerDied, match=r"cut 3: its process was killed.*WARMLINE_TRAIN_WORKERS below 2"):
            pool.submit(die, shared, name="cut 3", on_message=print_line).result()
        assert run_side_by_side([Square(2)], pool, print_line) == [4]


def test_an_idle_process_that_has_died_is_replaced_and_ctrl_c_at_the_end_leaves_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    join = BaseProcess.join

    def interrupted(process: BaseProcess, timeout: float | None = None) -> None:
        if timeout is not None:
            raise KeyboardInterrupt
        join(process)

    with pytest.raises(KeyboardInterrupt), WorkerPool(1) as pool:  # noqa: PT012
        assert run_side_by_side([Square(2)], pool, print_line) == [4]
        kill_the_worker(signal.SIGKILL).join()
        assert run_side_by_side([Square(3)], pool, print_line) == [9]
        monkeypatch.setattr(BaseProcess, "join", interrupted)
    assert active_children() == []


def test_an_error_at_the_end_of_one_process_leaves_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    done = list[str]()

    class Process:
        unit, connection = None, SimpleNamespace(close=lambda: done.append("closed"))

        def begin(self, unit: object) -> None:
            self.unit = unit

        def end(self) -> None:
            done.append("ended")
            raise OSError

    monkeypatch.setattr(worker_pool, "_WorkerProcess", Process)
    with pytest.raises(OSError), WorkerPool(2) as pool:  # noqa: PT011, PT012
        for _ in range(2):
            pool.submit(sleep, pool.share(None), name="a fit", on_message=print_line)
    assert done == ["closed", "closed", "ended", "ended"]


@pytest.mark.parametrize("ample", [False, True])
def test_units_that_take_much_memory_run_one_after_another_unless_there_is_room(ample: bool) -> None:
    with WorkerPool(2, ample=ample) as pool:
        shared = pool.share(ample)  # longer than the other process takes to start
        units = [pool.submit(in_turn, shared, name="a fit", on_message=print_line, apart="much") for _ in range(2)]
        times = [unit.result() for unit in units]
    (_, first_ended), (second_begun, _) = sorted(times)
    assert (second_begun < first_ended) == ample


def test_leaving_the_block_ends_what_still_runs() -> None:
    pids = list[int]()
    with pytest.raises(KeyboardInterrupt), WorkerPool(1) as pool:  # noqa: PT012

        def interrupt(pid: int) -> None:
            pids.append(pid)
            raise KeyboardInterrupt

        pool.submit(sleep, pool.share(None), name="a fit", on_message=interrupt).result()
    assert is_gone(pids[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGINT, None])
def test_no_process_outlives_its_parent(name: signal.Signals | None, tmp_path: Path) -> None:
    """Killed, or ended by Ctrl-C, which reaches the whole group, or by itself without leaving the block."""
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    exits = ["exit"] if name is None else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(program), *exits], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        start_new_session=True, text=True,
    )  # fmt: skip
    with parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        if name == signal.SIGINT:
            os.killpg(parent.pid, name)
        elif name is not None:
            parent.send_signal(name)
        try:
            assert ends(worker)
            assert parent.wait(timeout=30) != 0
        finally:
            parent.kill()  # else a parent that waits for its worker would be waited for


def test_for_one_worker_there_is_no_process() -> None:
    with workers_of(1) as workers:
        assert workers is ALONE
