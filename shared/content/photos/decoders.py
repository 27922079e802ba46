"""Decodes photos in processes of their own, which may be ended: `decode_process` says how each bounds itself.

A library for pools (pebble, concurrent.futures) would end a task by the clock on the wall, which a busy machine makes
run, or give up all tasks when one process dies, and its processes would import the service anew.
"""

import atexit
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Lock
from typing import IO

from msgspec import DecodeError, json
from PIL import Image

from shared.content.photos.decode_process import MAX_ANSWER, MOST_PIXELS, REQUEST, DecodeResult
from shared.content.photos.downscale import CELLS
from shared.content.photos.unreadable import Fault, PhotoRefused
from shared.content.target_size import TargetSize

MODULE = "shared.content.photos.decode_process"
HUNG_SECONDS = 120.0  # without an answer, although it uses no time of its own: stopped, or the machine is overloaded
AS_DECODED = TargetSize(0, 0)
# Of glibc: memory that a photo took is kept for the next one. To get it anew, page by page, costs as much as decoding.
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": f"{32 << 20}", "MALLOC_TRIM_THRESHOLD_": f"{64 << 20}"}
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")  # of the environment: no secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What became of a photo, and what libraries complained of meanwhile."""

    image: Image.Image
    cells: bytes = bytes(CELLS)  # its `brightness_cells`
    refused: PhotoRefused | None = None  # then the image is blank
    warnings: int = 0
    complaint: str = ""


class Decoders:
    """As many processes as there are cores, for all threads; each starts when it is needed."""

    def __init__(self, most: int) -> None:
        self._free = BoundedSemaphore(most)
        self._running: list[_Process] = []
        self._idle: list[_Process] = []  # of these
        self._lock = Lock()

    def decode(self, content: bytes, *, max_pixels: int, target: TargetSize | None = None) -> Decoded:
        """As `decode.decode`, resized to a target size, with what became of it as a value."""
        with self._free, self._process() as process:
            try:
                answer, image = process.ask(content, max_pixels, target or AS_DECODED)
            except (OSError, EOFError, DecodeError):
                return Decoded(image=Image.new("RGB", (0, 0)), refused=_cause_of_death(process.kill()))
        return Decoded(
            image=image,
            cells=answer.cells,
            refused=PhotoRefused(Fault(answer.fault), answer.detail) if answer.fault else None,
            warnings=answer.warnings,
            complaint=answer.complaint,
        )

    def processes(self) -> list[int]:
        """The ids of those that run."""
        with self._lock:
            return [process.id for process in self._running]

    def end_idle(self) -> None:
        """End the processes that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            self._end(process)

    @contextmanager
    def _process(self) -> Iterator["_Process"]:
        process = self._idle_or_new()
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            if process.is_over:
                self._end(process)
            else:
                with self._lock:
                    self._idle.append(process)

    def _idle_or_new(self) -> "_Process":
        with self._lock:
            if self._idle:
                return self._idle.pop()
            self._running.append(_Process())
            return self._running[-1]

    def _end(self, process: "_Process") -> None:
        with self._lock:
            self._running.remove(process)
        process.close()


@cache
def decoders() -> Decoders:
    """The ones that everybody in this process shares, so that their memory is bounded for all."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    made = Decoders(cores or 1)
    atexit.register(made.end_idle)
    return made


class _Process:
    """One process, and the file in memory that it shares with us. We read it by its number and never map it: a process
    that was taken over could cut it off under us."""

    def __init__(self) -> None:
        self._file = _file_in_memory()
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= KEEPS_MEMORY
        environment["PYTHONPATH"] = os.pathsep.join(path or os.curdir for path in sys.path)
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, str(self._file)],
            bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, pass_fds=[self._file],
        )  # fmt: skip
        self._has_answered = select.poll()
        self._has_answered.register(self._pipes()[1], select.POLLIN)

    @property
    def id(self) -> int:
        return self._popen.pid

    @property
    def is_over(self) -> bool:
        return self._popen.returncode is not None

    def ask(self, content: bytes, max_pixels: int, target: TargetSize) -> tuple[DecodeResult, Image.Image]:
        """Have a photo decoded.

        Raises:
            OSError, EOFError, DecodeError: the process is gone, hangs, or was taken over.
        """
        requests, replies = self._pipes()
        _write_all(self._file, content)
        requests.write(REQUEST.pack(len(content), max_pixels, *target))
        if not self._has_answered.poll(HUNG_SECONDS * 1000):
            raise TimeoutError
        answer = json.decode(replies.read(MAX_ANSWER), type=DecodeResult)
        return answer, self._image(answer.width, answer.height)

    def _image(self, width: int, height: int) -> Image.Image:
        size = 3 * width * height
        if size > 3 * MOST_PIXELS:
            raise EOFError
        pixels = os.pread(self._file, size, 0)
        if len(pixels) < size:
            raise EOFError
        return Image.frombytes("RGB", (width, height), pixels)

    def kill(self) -> int:
        """End it now; returns the exit code."""
        self._popen.kill()
        return self._popen.wait()

    def close(self) -> None:
        """Let it end."""
        requests, replies = self._pipes()
        requests.close()
        replies.close()
        os.close(self._file)
        self._popen.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        return self._popen.stdin, self._popen.stdout


def _file_in_memory() -> int:
    if sys.platform == "linux":
        return os.memfd_create("photo")
    with TemporaryFile() as file:
        return os.dup(file.fileno())


def _write_all(file: int, content: bytes) -> None:
    written = 0
    while written < len(content):
        written += os.pwrite(file, memoryview(content)[written:], written)


def _cause_of_death(code: int) -> PhotoRefused:
    if code == -signal.SIGPROF:
        return PhotoRefused(Fault.TOO_SLOW, "decoding it takes more time than its size explains")
    return PhotoRefused(Fault.DECODER_DIED, f"the process that decoded it ended with {code}")
