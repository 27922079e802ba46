"""What a run notes last, when its publication is whole: the status page reads it, and the timeline's own copy."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.ranked_lists.codec import UnreadableList


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One finished publication of a phase's lists."""

    run: int  # the fencing number
    at: datetime
    lists: int
    bytes: int
    seconds: float


def pack_publication(publication: Publication) -> bytes:
    """A line that a person can read in redis-cli: run, time, lists, bytes, seconds."""
    p = publication
    return f"{p.run}|{p.at.timestamp():.3f}|{p.lists}|{p.bytes}|{p.seconds:.3f}".encode()


def unpack_publication(value: bytes) -> Publication:
    """The publication behind a line."""
    try:
        run, at, lists, size, seconds = value.decode().split("|")
        moment = datetime.fromtimestamp(float(at), UTC)
        return Publication(run=int(run), at=moment, lists=int(lists), bytes=int(size), seconds=float(seconds))
    except ValueError as error:
        raise UnreadableList(f"publication: got {value[:80]!r}, expected run|at|lists|bytes|seconds") from error
