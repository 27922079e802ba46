"""The process that decodes photos from strangers: `python -m shared.content.photos.decode_process`, started by
`decoders`.

It bounds itself before it looks at a photo, so that whatever a decoder of hostile bytes does (loop, fill memory, crash)
ends this process and nothing else. It has no secrets in its environment, and what libraries say is counted, not shown.

Photo and pixels pass through one file in memory, whose number is the argument: 4 MB by pipes would be a dozen turns.

    in:  length of the photo u64 · the pixels that it may have u64 · the shorter side that is wanted u32 (0: as it is)
         · how to resize it u32; the photo is in the file
    out: the answer as JSON (`DecodeResult`), in one piece; RGB pixels, 3 bytes each, are in the file
"""

import logging
import os
import resource
import signal
import struct
import sys
import warnings
from typing import Annotated

from msgspec import Meta, Struct, json
from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from shared.content.photos.decode import KEPT_SIDE, MAX_ASPECT, decode
from shared.content.photos.downscale import CELLS, brightness_cells, resize
from shared.content.photos.unreadable import Fault, PhotoRefused
from shared.content.target_size import TargetSize

# Imported here, so that Pillow does not import the forty that it knows when it looks for one of them.
PLUGINS = (AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
MOST_PIXELS = MAX_ASPECT * KEPT_SIDE**2  # of what `decode` gives
REQUEST = struct.Struct("<QQII")
MAX_ANSWER = 512  # bytes that every system passes through a pipe in one piece; an answer has about 200

# Time of one core, and memory. A photo of a phone takes 0.1 s and 15 bytes a pixel; of 40 megapixels 2 s; the one of
# 100 scans, the most that we read, 8 s. The rest is for slower machines.
SECONDS, SECONDS_PER_MEGAPIXEL = 0.5, 0.25
BYTES, BYTES_PER_PIXEL = 160 * 2**20, 20


class DecodeResult(Struct, kw_only=True, omit_defaults=True):
    """What became of a photo."""

    width: Annotated[int, Meta(ge=0)] = 0  # of the pixels that follow; 0: none do
    height: Annotated[int, Meta(ge=0)] = 0
    cells: Annotated[bytes, Meta(min_length=CELLS, max_length=CELLS)] = bytes(CELLS)  # `brightness_cells`
    fault: str = ""
    detail: str = ""
    warnings: int = 0  # what libraries complained of
    complaint: str = ""  # the kind of the first one


class LibraryWarnings(logging.Handler):
    """Counts what libraries say about a photo, by warning or by log, however much it is."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0
        self.first = ""

    def listen(self) -> None:
        """Take the place of everything that would write."""
        warnings.simplefilter("always")
        warnings.showwarning = self._warned
        logging.getLogger().handlers[:] = [self]

    def emit(self, record: logging.LogRecord) -> None:
        """One log record."""
        self._note(record.name)

    def take(self) -> tuple[int, str]:
        """How many there were since the last call, and the kind of the first."""
        taken = self.count, self.first
        self.count, self.first = 0, ""
        return taken

    def _warned(self, message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        del message  # text of a stranger's making
        self._note(category.__name__)

    def _note(self, kind: str) -> None:
        self.count += 1
        self.first = self.first or kind


def main(file: int) -> None:
    """Decode photo after photo until standard input ends."""
    complaints = LibraryWarnings()
    complaints.listen()
    _give_up_what_is_not_needed()
    while head := os.read(sys.stdin.fileno(), REQUEST.size):
        length, max_pixels, *target = REQUEST.unpack(head)
        answer, pixels = _decoded(os.pread(file, length, 0), max_pixels, TargetSize(*target), complaints)
        os.pwrite(file, pixels, 0)
        os.write(sys.stdout.fileno(), json.encode(answer))


def _give_up_what_is_not_needed() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM):  # it ends when its parent closes the pipe
        signal.signal(ignored, signal.SIG_IGN)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a thread's stack counts as memory, and cores are shared by processes
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * MOST_PIXELS, 3 * MOST_PIXELS))
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # libraries in C write there themselves


def _decoded(
    content: bytes, max_pixels: int, target: TargetSize, complaints: LibraryWarnings
) -> tuple[DecodeResult, bytes]:
    answer, pixels = DecodeResult(), b""
    try:
        _allow(0, beside=len(content))
        image = decode(content, max_pixels=max_pixels, on_size=lambda size: _allow(size, beside=len(content)))
        answer.cells = brightness_cells(image)
        if 0 < target.shorter_side <= KEPT_SIDE:  # more would not fit into the file
            image = resize(image, target)
        pixels = image.tobytes()
        answer.width, answer.height = image.size
    except PhotoRefused as refused:
        answer.fault, answer.detail = refused.unreadable.fault, refused.unreadable.detail
    except MemoryError:
        answer.fault, answer.detail = Fault.TOO_MUCH_MEMORY, "unpacking it takes more memory than its size explains"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    answer.warnings, answer.complaint = complaints.take()
    return answer, pixels


def _allow(pixels: int, *, beside: int) -> None:
    """Memory from here on, and computing time; the system ends the process when that is used up, in C code too."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS + SECONDS_PER_MEGAPIXEL * pixels / 1e6)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (BYTES + BYTES_PER_PIXEL * pixels + 2 * beside, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]))
    os._exit(0)  # nothing is left to write, and Python's own way out takes a tenth of the time to start
