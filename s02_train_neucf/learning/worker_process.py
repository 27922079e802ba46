"""What a worker process does: one thread, little priority, unit after unit until its parent is gone.

At its head it imports nothing that brings numpy: how many threads numpy's libraries use is decided when they load.
"""

import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

from shared.text.library_noise import OURS

VALUE, FORGET, DO = "value", "forget", "do"  # what a worker is sent
MESSAGE, LOGGED, DONE, FAILED = "message", "logged", "done", "failed"  # what it answers
PROTOCOL = 5
IGNORED = (signal.SIGINT, signal.SIGTERM)  # sent to a whole group; the parent decides what becomes of its run
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def work(connection: Connection, niceness: int, level: int) -> None:
    """The whole life of a worker.

    Args:
        connection: to the parent: requests come in, answers go out.
        niceness: added to its own, so that pages and lists go before training.
        level: of our own log records; they and warnings of libraries are passed on to the parent, which writes them.
    """
    for name in IGNORED:
        signal.signal(name, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, IGNORED)  # blocked until here by the parent
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(niceness)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    answers = _Answers(connection)
    _log_to(answers, level)
    _answer_requests(connection, answers)


def _answer_requests(connection: Connection, answers: "_Answers") -> None:
    values: dict[int, Any] = {}
    while True:
        try:
            what, *arguments = pickle.loads(connection.recv_bytes())  # noqa: S301 - of our own parent
            file = recv_handle(connection) if what == VALUE else -1
        except (EOFError, OSError):  # the parent is gone, or has ended the pool
            return
        if what == VALUE:
            number, packed = arguments
            values[number] = packed.unpack(file)
            os.close(file)
        elif what == FORGET:
            values.pop(arguments[0], None)
        else:
            number, unit = arguments
            answer = _answer_of(unit, values[number], lambda message: answers.send(MESSAGE, message))
            try:
                answers.send(*answer)
            except OSError:  # as above
                return


def _answer_of(
    unit: Callable[..., Any], value: object, on_message: Callable[[object], None]
) -> tuple[str, *tuple[Any, ...]]:
    _use_one_thread()
    try:
        return DONE, unit(value, on_message)
    except Exception as error:
        return FAILED, _picklable(error), traceback.format_exc()


def _use_one_thread() -> None:
    """For PyTorch that the parent's own program has brought along, before the environment said so."""
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def _picklable(error: Exception) -> Exception:
    """The error itself, or one that says the same: not every class can be made anew from its arguments."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class _Answers:
    """Sends to the parent; a log record may come from another thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, threading.RLock()

    def send(self, *answer: object) -> None:
        pickled = pickle.dumps(answer, protocol=PROTOCOL)
        with self._lock:
            self._connection.send_bytes(pickled)


class _ToParent(logging.Handler):
    def __init__(self, answers: _Answers) -> None:
        super().__init__()
        self._answers = answers

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record as text: neither its arguments nor a traceback need be picklable."""
        record.msg, record.args = self.format(record), ()
        record.exc_info = record.exc_text = record.stack_info = None
        with suppress(OSError):  # nobody reads any more
            self._answers.send(LOGGED, record)


def _log_to(answers: _Answers, level: int) -> None:
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers[:] = [_ToParent(answers)]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level)
