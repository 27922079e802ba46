"""Photos that are made to cost: each is refused or read within bounds, in one log line, and its neighbours are read."""

import io
import os
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image

from shared.content.photos.decoders import Decoded, Decoders, decoders
from shared.content.photos.photo_source import Photo, PhotoSource
from shared.content.photos.unreadable import Fault, Unreadable
from tests import hostile_photos as hostile

MAX_PIXELS = 40_000_000
MOST_MEMORY = 200 * 2**20  # bytes, of the process that decodes a picture of 40 × 40 pixels
MOST_SECONDS = 2.0  # of computing: half a second until it is ended, the start of a process, and a busy machine


@pytest.fixture(scope="module")
def few() -> Iterator[Decoders]:
    made = Decoders(1)
    yield made
    made.end_idle()


def decode(few: Decoders, content: bytes) -> Decoded:
    return few.decode(content, max_pixels=MAX_PIXELS)


def fault_of(decoded: Decoded) -> Fault | None:
    return decoded.refused.unreadable.fault if decoded.refused else None


def seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(
    "made",
    [
        hostile.many_chunks,
        hostile.many_chunks_behind,
        hostile.many_comments,
        hostile.many_extensions,
        hostile.many_profiles,
        hostile.many_indices,
    ],
)
def test_a_photo_that_costs_more_than_its_size_explains_is_refused_within_bounds(made: Callable[[], bytes]) -> None:
    alone = Decoders(1)
    decode(alone, hostile.png())
    content, before = made(), seconds_of_children()
    fault = fault_of(decode(alone, content))
    alone.end_idle()  # so that the system counts its time as used
    assert fault in (Fault.TOO_SLOW, Fault.TOO_MUCH_MEMORY)
    assert seconds_of_children() - before < MOST_SECONDS


def test_memory_is_bounded_by_the_pixels_of_the_photo_at_hand(few: Decoders) -> None:
    def limit() -> int:
        (process,) = few.processes()
        return resource.prlimit(process, resource.RLIMIT_DATA)[0]

    decode(few, large_png(4000))
    assert 4000 * 4000 * 16 < limit() < 4000 * 4000 * 32
    decode(few, hostile.png())
    assert limit() < MOST_MEMORY


def large_png(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    return file.getvalue()


def test_thousands_of_exif_tags_are_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tags.png").write_bytes(hostile.many_exif_tags())
    assert isinstance(PhotoSource(media_root=tmp_path).load("tags.png"), Photo)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("content.photo_warnings photo=")
    assert f"count={hostile.TAGS} kind=UserWarning" in line
    assert capfd.readouterr().err.count("\n") <= 1


def test_the_rest_of_the_batch_is_read(tmp_path: Path) -> None:
    names = [f"{n}.png" for n in range(6)]
    for name in names:
        (tmp_path / name).write_bytes(hostile.many_chunks_behind() if name == "2.png" else hostile.png())
    source = PhotoSource(media_root=tmp_path, threads=2)
    (read,) = list(source.read_ahead([names], lambda photo: photo.image.getpixel((20, 20))))
    refused = read.pop(2)
    assert isinstance(refused, Unreadable)
    assert refused.fault is Fault.TOO_SLOW
    assert not refused.retry, "it would end the same way"
    assert read == [(255, 255, 255)] * 5


def test_warnings_are_counted_for_each_photo_alone(few: Decoders) -> None:
    assert decode(few, hostile.many_exif_tags()).warnings == hostile.TAGS
    assert decode(few, hostile.png()).warnings == 0


def test_a_process_that_is_killed_takes_nobody_with_it(few: Decoders) -> None:
    decode(few, hostile.png())
    results: list[Decoded] = []
    slow = Thread(target=lambda: results.append(decode(few, hostile.many_chunks())))
    slow.start()
    for process in few.processes():  # as the system does when memory ends
        os.kill(process, signal.SIGKILL)
    slow.join()
    assert fault_of(results[0]) is Fault.DECODER_DIED
    assert decode(few, hostile.png()).refused is None


def test_a_process_that_does_not_answer_is_ended(few: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    decode(few, hostile.png())
    monkeypatch.setattr("shared.content.photos.decoders.HUNG_SECONDS", 0.1)
    for process in few.processes():
        os.kill(process, signal.SIGSTOP)
    assert fault_of(decode(few, hostile.png())) is Fault.DECODER_DIED
    assert few.processes() == []


def test_a_signal_to_the_whole_group_ends_no_photo(few: Decoders) -> None:
    decode(few, hostile.png())
    for process in few.processes():
        os.kill(process, signal.SIGINT)
        os.kill(process, signal.SIGTERM)
    assert decode(few, hostile.png()).refused is None


def test_the_process_has_no_secret_in_its_environment(few: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_API_KEY", "a-secret-of-some-length")
    fresh = Decoders(1)
    decode(fresh, hostile.png())
    (process,) = fresh.processes()
    assert b"WARMLINE" not in Path(f"/proc/{process}/environ").read_bytes()
    fresh.end_idle()


def test_processes_end_when_nothing_is_left_to_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(hostile.png())
    source = PhotoSource(media_root=tmp_path)
    list(source.read_ahead([["a.png"]], lambda photo: photo))
    assert decoders().processes() == []
