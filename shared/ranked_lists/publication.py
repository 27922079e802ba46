"""The last thing that a run writes, when its publication is complete; the status page and the timeline read it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.ranked_lists.codec import UnreadableList


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One complete publication of a phase's lists."""

    run: int  # the fencing number
    at: datetime
    lists: int
    bytes: int
    seconds: float


def pack_publication(publication: Publication) -> bytes:
    """A line that is readable in redis-cli: run, time, lists, bytes, seconds."""
    p = publication
    return f"{p.run}|{p.at.timestamp():.3f}|{p.lists}|{p.bytes}|{p.seconds:.3f}".encode()


def unpack_publication(value: bytes) -> Publication:
    """Read a publication."""
    try:
        run, at, lists, size, seconds = value.decode().split("|")
        published_at = datetime.fromtimestamp(float(at), UTC)
        return Publication(run=int(run), at=published_at, lists=int(lists), bytes=int(size), seconds=float(seconds))
    except ValueError as error:
        raise UnreadableList(f"publication: got {value[:80]!r}, expected run|at|lists|bytes|seconds") from error
