"""Decodes photos in processes of their own, which may be ended: `decode_process` says how each bounds itself.

A library for pools (pebble, concurrent.futures) would end a task by the clock on the wall, which a busy machine makes
run, or give up all tasks when one process dies, and its processes would import the service anew.
"""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore, Lock, Timer
from typing import IO

from msgspec import json
from PIL import Image

from shared.content.decode_process import REPLY, REQUEST, Answer
from shared.content.unreadable import Fault, PhotoRefused

MODULE = "shared.content.decode_process"
HUNG_SECONDS = 120.0  # without an answer, although it uses no time of its own: stopped, or the machine is overloaded
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")  # of the environment: no secrets
PIPE_BYTES = 1 << 20  # the most that Linux lets everybody ask for; 64 KB by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What became of a photo, and what libraries complained of meanwhile."""

    image: Image.Image
    refused: PhotoRefused | None = None  # then the image is blank
    warnings: int = 0
    complaint: str = ""


class Decoders:
    """As many processes as there are cores, for all threads; each starts when it is needed."""

    def __init__(self, most: int) -> None:
        self._free = BoundedSemaphore(most)
        self._running: list[subprocess.Popen[bytes]] = []
        self._idle: list[subprocess.Popen[bytes]] = []  # of these
        self._lock = Lock()

    def decode(self, content: bytes, *, max_pixels: int) -> Decoded:
        """As `decode.decode`, with what became of it as a value."""
        with self._free, self._process() as process:
            try:
                with _ended_when_hung(process):
                    answer, pixels = _exchange(process, content, max_pixels)
            except (OSError, EOFError):
                process.kill()
                return Decoded(image=Image.new("RGB", (0, 0)), refused=_cause_of_death(process.wait()))
        return Decoded(
            image=Image.frombytes("RGB", (answer.width, answer.height), pixels),
            refused=PhotoRefused(Fault(answer.fault), answer.detail) if answer.fault else None,
            warnings=answer.warnings,
            complaint=answer.complaint,
        )

    def processes(self) -> list[int]:
        """The ids of those that run."""
        with self._lock:
            return [process.pid for process in self._running]

    def end_idle(self) -> None:
        """End the processes that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            self._end(process)

    @contextmanager
    def _process(self) -> Iterator[subprocess.Popen[bytes]]:
        with self._lock:
            process = self._idle.pop() if self._idle else _start()
            if process not in self._running:
                self._running.append(process)
        try:
            yield process
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            if process.returncode is None:
                with self._lock:
                    self._idle.append(process)
            else:
                self._end(process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.remove(process)
        photos, answers = _pipes(process)
        with suppress(OSError):  # what was not written yet, to a process that is gone
            photos.close()
        answers.close()
        process.wait()


@cache
def decoders() -> Decoders:
    """The ones that everybody in this process shares, so that their memory is bounded for all."""
    made = Decoders(os.cpu_count() or 1)
    atexit.register(made.end_idle)
    return made


def _start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path or os.curdir for path in sys.path)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    for pipe in _pipes(process):
        _enlarge(pipe)
    return process


def _enlarge(pipe: IO[bytes]) -> None:
    """Fewer turns between the two processes: a photo's pixels are some megabytes."""
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


@contextmanager
def _ended_when_hung(process: subprocess.Popen[bytes]) -> Iterator[None]:
    timer = Timer(HUNG_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _exchange(process: subprocess.Popen[bytes], content: bytes, max_pixels: int) -> tuple[Answer, bytes]:
    photos, answers = _pipes(process)
    photos.write(REQUEST.pack(len(content), max_pixels))
    photos.write(content)
    photos.flush()
    (length,) = REPLY.unpack(_exactly(answers, REPLY.size))
    answer = json.decode(_exactly(answers, length), type=Answer)
    return answer, _exactly(answers, 3 * answer.width * answer.height)


def _exactly(answers: IO[bytes], length: int) -> bytes:
    got = answers.read(length)
    if len(got) < length:
        raise EOFError
    return got


def _cause_of_death(code: int) -> PhotoRefused:
    if code == -signal.SIGPROF:
        return PhotoRefused(Fault.TOO_SLOW, "decoding it takes more time than its size explains")
    return PhotoRefused(Fault.DECODER_DIED, f"the process that decoded it ended with {code}")
