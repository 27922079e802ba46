"""The reasons why a photo could not be read: stable codes, returned as values instead of exceptions."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong. The codes are stored and counted, so they keep their meaning."""

    BAD_REFERENCE = "bad-reference"
    OUTSIDE_ROOT = "outside-root"
    NO_MEDIA_ROOT = "no-media-root"
    FILE_MISSING = "file-missing"
    FILE_UNREADABLE = "file-unreadable"
    HOST_NOT_ALLOWED = "host-not-allowed"
    HOST_UNKNOWN = "host-unknown"
    ADDRESS_NOT_ALLOWED = "address-not-allowed"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    HTTP_ANSWER = "http-answer"
    CONNECTION_FAILED = "connection-failed"
    TIMED_OUT = "timed-out"
    TOO_MANY_BYTES = "too-many-bytes"
    EMPTY = "empty"
    NOT_AN_IMAGE = "not-an-image"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_MANY_SCANS = "too-many-scans"
    TOO_SLOW = "too-slow"
    TOO_MUCH_MEMORY = "too-much-memory"
    DECODER_DIED = "decoder-died"
    TRUNCATED = "truncated"
    BROKEN_IMAGE = "broken-image"
    ENCODER_FAULT = "encoder-fault"
    SOURCE_AWAY = "source-away"


# These are caused by the reference or the bytes: the next try would fail in the same way. All others may pass: a host
# comes back, an upload is finished, an operator corrects the allow-list.
_LASTING = frozenset(
    {
        Fault.BAD_REFERENCE,
        Fault.OUTSIDE_ROOT,
        Fault.TOO_MANY_BYTES,
        Fault.NOT_AN_IMAGE,
        Fault.TOO_MANY_PIXELS,
        Fault.TOO_MANY_SCANS,
        Fault.TOO_SLOW,
        Fault.TOO_MUCH_MEMORY,
        Fault.BROKEN_IMAGE,
        Fault.ENCODER_FAULT,
    }
)
# The bytes behind a URL may change: what is no image today may be a proxy's error page.
_PASSING_BEHIND_A_URL = frozenset({Fault.NOT_AN_IMAGE, Fault.BROKEN_IMAGE})
# These may mean that all photos of the origin are unreachable, not only this one.
_OUTAGES = frozenset({Fault.HOST_UNKNOWN, Fault.CONNECTION_FAILED, Fault.TIMED_OUT, Fault.SOURCE_AWAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A photo that could not be read.

    Attributes:
        fault: the stable code.
        detail: what was got and what was expected, on one line, without the photo's URL or path.
        is_remote: it was requested from a URL.
        may_be_outage: the origin may be down, with all its photos.
    """

    fault: Fault
    detail: str
    is_remote: bool = False
    may_be_outage: bool = False

    @property
    def reason(self) -> str:
        """Code and detail, as they are stored."""
        return f"{self.fault}: {self.detail}"

    @property
    def retry(self) -> bool:
        """Whether another try with the same reference may succeed."""
        return self.fault not in _LASTING or (self.is_remote and self.fault in _PASSING_BEHIND_A_URL)


class PhotoRefused(Exception):
    """Carries an `Unreadable` up to `PhotoSource.load`, which returns it as a value. It never leaves the package."""

    def __init__(self, fault: Fault, detail: str, *, may_be_outage: bool = False) -> None:
        super().__init__(detail)
        self.unreadable = Unreadable(fault=fault, detail=detail, may_be_outage=may_be_outage or fault in _OUTAGES)
