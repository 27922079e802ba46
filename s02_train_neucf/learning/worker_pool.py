"""Does independent work in processes of one thread each, and ends them with it.

They are spawned, not forked: a service has threads and connections by then, of which a forked process would have copies
that nobody serves. It is no executor of the standard library: none ends a unit that runs, passes on a unit's messages
meanwhile, or keeps its processes from outliving a parent that was killed.
"""

import atexit
import logging
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import send_handle
from types import TracebackType
from typing import Any, Generic, Self, cast

from s02_train_neucf.learning.shared_values import PackedValue, file_in_memory, pack
from s02_train_neucf.learning.side_by_side import ALONE, OnMessage, Pending, Result, Shared, Value, Work, Workers
from s02_train_neucf.learning.worker_process import DO, DONE, FORGET, IGNORED, LOGGED, MESSAGE, PROTOCOL, VALUE, work
from shared.errors import WorkerDied
from shared.text.library_noise import OURS

NICENESS = 10  # of 19: whatever serves people goes first
ENDS_SECONDS = 10.0  # that a process may take to end by itself
_STARTED = set[BaseProcess]()  # and not ended yet, of all pools


@atexit.register  # after the one of `multiprocessing`, so it runs before it
def _kill_those_left() -> None:
    """For blocks that were never left: `multiprocessing` would send SIGTERM, which a worker ignores, and wait."""
    for process in _STARTED:
        process.kill()


class WorkerPool(Workers):
    """Up to `count` processes, each started when there is work for it; all are ended on leaving the block.

    Nothing runs in threads: messages are read, and waiting units handed out, while a result is waited for.
    """

    def __init__(self, count: int, *, ample: bool = False) -> None:
        """`ample`: there is memory for units that are to run apart, so they need not."""
        self.count, self._ample = count, ample
        self._waiting, self._processes = deque["_Unit[Any]"](), list["_WorkerProcess"]()
        self._packed, self._n_packed = list["_Packed[Any]"](), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End all processes: at once where a unit still runs, which is of no use to anybody."""
        with ExitStack() as ends:  # goes on after an error, and raises it in the end
            for packed in self._packed:
                ends.callback(os.close, packed.file)
            for process in self._processes:
                ends.callback(process.end)
            for process in self._processes:  # done first: all of them then end at the same time
                ends.callback(process.connection.close)

    def share(self, value: Value) -> Shared[Value]:
        """Pack a value once for all processes; none of them sees later changes to it."""
        file = file_in_memory()
        try:
            content = pack(value, file)
        except BaseException:
            os.close(file)
            raise
        self._n_packed += 1
        packed = _Packed(value, number=self._n_packed, file=file, content=content)
        self._packed.append(packed)
        return packed

    def forget(self, shared: Shared[Any]) -> None:
        """Free the memory of a packed value."""
        packed = _as_packed(shared)
        self._packed.remove(packed)
        os.close(packed.file)
        for process in self._processes:
            process.forget(packed)

    def submit(
        self, work: Work[Value, Result], shared: Shared[Value], *, name: str, on_message: OnMessage, apart: str = ""
    ) -> Pending[Result]:
        """As `Workers.submit`; a unit begins at once if a process is free, else in the order of submission."""
        unit = _Unit[Result](self, work, _as_packed(shared), name, on_message, apart)
        self._waiting.append(unit)
        self._hand_out()
        return unit

    def read_messages(self) -> None:
        """Wait until a process says something, act on it, and hand out what waits."""
        busy = {process.connection: process for process in self._processes if process.unit is not None}
        assert busy, "a result is waited for, but nothing runs: the block of the pool was left"
        for ready in connection.wait(list(busy)):
            process = busy[cast(connection.Connection, ready)]
            if not process.read(self.count):
                self._processes.remove(process)
        self._hand_out()

    def _hand_out(self) -> None:
        for unit in list(self._waiting):
            running = {process.unit.apart for process in self._processes if process.unit is not None}
            if unit.apart and unit.apart in running and not self._ample:
                continue
            process = self._free_process()
            if process is None:
                return
            self._waiting.remove(unit)
            process.begin(unit)

    def _free_process(self) -> "_WorkerProcess | None":
        for process in [each for each in self._processes if each.unit is None]:
            if process.is_alive():
                return process
            self._processes.remove(process)  # it died since; another takes its place
            process.end()
        if len(self._processes) == self.count:
            return None
        self._processes.append(_WorkerProcess())
        return self._processes[-1]


def workers_of(count: int, *, ample: bool = False) -> AbstractContextManager[Workers]:
    """So many processes; for one, none but this one. `ample`: as in `WorkerPool`."""
    return WorkerPool(count, ample=ample) if count > 1 else nullcontext(ALONE)


@dataclass(frozen=True, slots=True, eq=False)
class _Packed(Shared[Value]):
    number: int
    file: int
    content: PackedValue


def _as_packed(shared: Shared[Any]) -> "_Packed[Any]":
    assert isinstance(shared, _Packed), "a value that this pool has not shared"
    return shared


@dataclass(slots=True, eq=False)
class _Unit(Generic[Result]):
    """A unit of work, where it stands, and what came of it."""

    pool: WorkerPool
    work: Callable[..., Result]
    shared: _Packed[Any]
    name: str
    on_message: OnMessage
    apart: str
    is_over: bool = False
    found: Result | None = None
    error: BaseException | None = None

    def result(self) -> Result:
        while not self.is_over:
            self.pool.read_messages()
        if self.error is not None:
            raise self.error
        return cast(Result, self.found)

    def end(self, *, found: Result | None = None, error: BaseException | None = None) -> None:
        self.is_over, self.found, self.error = True, found, error


class _WorkerProcess:
    """One process, and the unit that it works on."""

    def __init__(self) -> None:
        self.unit: _Unit[Any] | None = None
        self._known = set[int]()  # numbers of the packed values that it has
        self.connection, child_end = multiprocessing.Pipe()
        level = logging.getLogger(OURS).getEffectiveLevel()
        spawned = multiprocessing.get_context("spawn").Process(
            target=work, args=(child_end, NICENESS, level), daemon=True
        )
        self._process = spawned
        try:
            with _signals_blocked():
                spawned.start()
                _STARTED.add(spawned)
        except BaseException:
            self.connection.close()  # which ends the process, if there is one
            raise
        finally:
            child_end.close()  # the end of the process is then the end of what can be read

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def begin(self, unit: _Unit[Any]) -> None:
        self.unit, shared = unit, unit.shared
        with suppress(OSError):  # it is gone; `read` will say so
            if shared.number not in self._known:
                self._send(VALUE, shared.number, shared.content)
                send_handle(self.connection, shared.file, self._process.pid)
                self._known.add(shared.number)
            self._send(DO, shared.number, unit.work)

    def forget(self, shared: _Packed[Any]) -> None:
        if shared.number in self._known:
            self._known.remove(shared.number)
            with suppress(OSError):  # as above
                self._send(FORGET, shared.number)

    def read(self, count: int) -> bool:
        """Act on one message; returns whether the process lives. `count`: processes at most, for the error."""
        assert self.unit is not None
        unit = self.unit
        try:
            what, *arguments = pickle.loads(self.connection.recv_bytes())  # noqa: S301 - of our own process
        except (EOFError, OSError):
            self.unit = None
            unit.end(error=_death(unit.name, self.end(), count))
            return False
        if what == MESSAGE:
            unit.on_message(arguments[0])
        elif what == LOGGED:
            logging.getLogger(arguments[0].name).handle(arguments[0])
        else:
            self.unit = None
            unit.end(found=arguments[0]) if what == DONE else unit.end(error=_noted(*arguments))
        return True

    def end(self) -> int:
        """End it, at once if it has a unit; returns its exit code."""
        try:
            self.connection.close()
            if self.unit is None:
                self._process.join(ENDS_SECONDS)
        finally:  # even if Ctrl-C ends the wait
            self._process.kill()
            self._process.join()
            _STARTED.discard(self._process)
        return self._process.exitcode or 0

    def _send(self, *request: object) -> None:
        self.connection.send_bytes(pickle.dumps(request, protocol=PROTOCOL))


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """A process that is started meanwhile has them blocked, too, until it ignores them (`worker_process.work`)."""
    resource_tracker.ensure_running()  # if `start` did it, that would unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _noted(error: Exception, traceback: str) -> Exception:
    error.add_note(f"in a worker process:\n{traceback}")
    return error


def _death(name: str, code: int, count: int) -> WorkerDied:
    if code == -signal.SIGKILL:
        return WorkerDied(
            f"{name}: its process was killed, most likely because memory ran out; give the trainer more memory, or set "
            f"WARMLINE_TRAIN_WORKERS below {count}"
        )
    return WorkerDied(f"{name}: its process ended with {code} before it was done; run the training again")
