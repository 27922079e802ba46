"""A worker whose parent has closed the connection ends without a traceback: nobody is left to read what it says."""

import logging
import os
import pickle
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from typing import Any

import pytest

from s02_train_neucf.learning import worker_process
from s02_train_neucf.learning.shared_values import file_in_memory, pack
from s02_train_neucf.learning.worker_process import DO, DONE, PROTOCOL, VALUE

OnMessage = Callable[[Any], None]


def request(parent: Connection, *what: object) -> None:
    parent.send_bytes(pickle.dumps(what, protocol=PROTOCOL))


def test_a_parent_that_closes_before_it_has_read_all_ends_the_worker() -> None:
    parent, child = Pipe()
    answers = worker_process._Answers(child)
    answers.send("a record of the log")
    parent.close()  # with something unread, which the other side gets as a reset, not as an end
    worker_process._answer_requests(child, answers)


def test_a_parent_that_closes_while_a_unit_runs_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    parent, child = Pipe()

    def close_meanwhile(_unit: object, _value: object, _tell: OnMessage) -> tuple[str, None]:
        parent.close()
        return DONE, None

    file = file_in_memory()
    request(parent, VALUE, 1, pack(None, file))
    send_handle(parent, file, os.getpid())
    request(parent, DO, 1, "a unit")
    os.close(file)
    monkeypatch.setattr(worker_process, "_answer_of", close_meanwhile)
    worker_process._answer_requests(child, worker_process._Answers(child))


def test_a_record_that_nobody_reads_is_dropped() -> None:
    parent, child = Pipe()
    parent.close()
    record = logging.LogRecord("warmline", logging.INFO, "", 0, "said %s", ("late",), None)
    worker_process._ToParent(worker_process._Answers(child)).emit(record)
