"""Keeps several timeline processes alive (`WARMLINE_WORKERS`). Their parent does nothing else.

They are forked once everything is imported, so that they share the memory of what none of them changes. The parent
holds all sockets: what waits on that of a process which died is answered by the one that takes its place.
"""

import gc
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from socket import socket

from shared.logs import log_trouble
from timeline.http.listening import close, siblings_of
from timeline.shared_cells import SharedCells

SIGNALS = (signal.SIGTERM, signal.SIGINT)  # that end a timeline
STARTUP_FAILURE = 3  # the exit code of a process that could not begin to serve; another try would end as this one
RESTART_SECONDS = 1.0  # before a process takes the place of one that died
STOP_SECONDS = 20.0  # longer than a timeline takes to stop
LOOK_SECONDS = 0.2
# Without a sign of life: such a process still gets its share of the new connections. Counted in looks of the parent,
# since a machine that was suspended has no process that hangs.
HUNG_LOOKS = 75  # of LOOK_SECONDS each: 15 seconds
START_LOOKS = 300  # a minute, before the first sign of life: a busy machine starts slowly

Work = Callable[[], int]  # serves until it is told to stop; gives the exit code


def serve_with_others(
    works: Sequence[Callable[[Sequence[socket]], int]], sockets: Sequence[socket], cells: SharedCells
) -> int:
    """Serve with several processes until a signal comes; gives the exit code. One that ends or hangs is replaced.

    Args:
        works: what each process does with sockets of its own, until it is told to stop.
        sockets: that listen on the timeline's port.
        cells: where each process gives signs of life.
    """
    gc.freeze()  # a look for garbage would write to what they share
    everyone = [sockets, *(siblings_of(sockets) for _ in works[1:])]

    def serve(number: int) -> int:
        for other, listening in enumerate(everyone):
            if other != number:
                close(listening)
        return works[number](everyone[number])

    return _keep_alive([partial(serve, number) for number in range(len(works))], everyone, cells)


def _keep_alive(works: Sequence[Work], everyone: Sequence[Sequence[socket]], cells: SharedCells) -> int:
    signals = list[int]()
    for name in SIGNALS:
        signal.signal(name, lambda number, _: signals.append(number))
    processes = [_start(work) for work in works]
    silences = [Silence() for _ in works]
    code = 0
    while not signals and code == 0:
        connection.wait([each.sentinel for each in processes], LOOK_SECONDS)
        for index, process in enumerate(processes):
            if silences[index].is_too_long(cells.beats(index)):
                process.kill()
                process.join()
            if signals or process.exitcode is None:
                continue
            if process.exitcode == STARTUP_FAILURE:  # the next one would end as this one
                code = STARTUP_FAILURE
                break
            log_trouble("timeline.worker_ended", worker=index, code=process.exitcode)
            time.sleep(RESTART_SECONDS)
            cells.forget_beats(index)
            processes[index], silences[index] = _start(works[index]), Silence()
    for listening in everyone:  # what was not accepted is refused at once
        close(listening)
    _stop(processes)
    return code


class Silence:
    """How long a process has given no sign of life."""

    def __init__(self) -> None:
        self._beats, self._looks = 0.0, 0

    def is_too_long(self, beats: float) -> bool:
        """Look at a process once.

        Args:
            beats: the signs of life that it has given so far; 0 until it serves.
        """
        self._looks = self._looks + 1 if beats == self._beats else 0
        self._beats = beats
        return self._looks > (HUNG_LOOKS if beats else START_LOOKS)


def _start(work: Work) -> BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=_work, args=(work,))
    process.start()
    return process


def _work(work: Work) -> None:
    for name in SIGNALS:
        signal.signal(name, signal.SIG_DFL)  # until it serves
    raise SystemExit(work())


def _stop(processes: Sequence[BaseProcess]) -> None:
    for each in processes:
        each.terminate()
    until = time.monotonic() + STOP_SECONDS
    for each in processes:
        each.join(max(0.0, until - time.monotonic()))
        each.kill()
