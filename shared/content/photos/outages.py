"""Detects origins (hosts, or the media root) that are down in this run, as opposed to single bad photos.

When an origin refuses a photo, some photos that were read from it before are requested. If it refuses these too, it is
down: it is not used again in this run, so that a slow host does not delay the run, and its photos are not blamed.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from shared.content.photos.unreadable import Fault, Unreadable

MEDIA_ROOT = "WARMLINE_MEDIA_ROOT"
PROBES = 3  # photos that were read before; one of them may be gone or forbidden for a reason of its own
REFUSALS = 8  # in a row, of an origin that nothing was read from before

KnownGood = Callable[[str], Sequence[str]]  # origin → references of photos that were read from it, newest first
IsRefused = Callable[[str], bool]  # reference → whether its origin refuses it now


def no_known_good(_place: str) -> Sequence[str]:
    """For callers without photos that were read before."""
    return ()


class Outages:
    """What is known about origins in one run. Safe to use from several threads."""

    def __init__(self, known_good: KnownGood = no_known_good) -> None:
        self._known_good = known_good
        self._lock, self._probing = threading.Lock(), threading.Lock()
        self._proven: set[str] = set()
        self._refusals: Counter[str] = Counter()  # in a row, by origin
        self._away: dict[str, str] = {}
        self._skipped: Counter[str] = Counter()

    def note(self, reference: str, unreadable: Unreadable | None, is_refused: IsRefused) -> None:
        """Note that a photo was read (None) or failed; if the origin is in doubt, test it with `is_refused`."""
        origin = origin_of(reference)
        if unreadable is None or not unreadable.may_be_outage:
            with self._lock:
                self._refusals[origin] = 0
            return
        with self._probing:
            with self._lock:
                self._refusals[origin] += 1
                n_refusals, is_judged = self._refusals[origin], origin in self._proven or origin in self._away
            if not is_judged:
                self._judge(origin, unreadable.reason, n_refusals, is_refused)

    def note_away(self, origin: str, reason: str) -> None:
        """Note that an origin is down."""
        with self._lock:
            self._away[origin] = reason

    def skip(self, reference: str) -> Unreadable | None:
        """The failure of a photo whose origin is down; None: try to read it."""
        origin = origin_of(reference)
        with self._lock:
            if origin not in self._away:
                return None
            self._skipped[origin] += 1
            return Unreadable(fault=Fault.SOURCE_AWAY, detail=f"{origin} is away", may_be_outage=True)

    def is_away(self, reference: str) -> bool:
        """Whether the origin of a photo is down."""
        with self._lock:
            return origin_of(reference) in self._away

    @property
    def away(self) -> dict[str, str]:
        """The origins that are down, each with its reason."""
        with self._lock:
            return dict(self._away)

    @property
    def skipped(self) -> int:
        """How many photos were skipped."""
        with self._lock:
            return self._skipped.total()

    def _judge(self, origin: str, reason: str, n_refusals: int, is_refused: IsRefused) -> None:
        probes = self._known_good(origin)[:PROBES]
        if probes and not all(is_refused(reference) for reference in probes):
            with self._lock:
                self._proven.add(origin)
        elif probes or n_refusals >= REFUSALS:
            self.note_away(origin, reason)


def origin_of(reference: str) -> str:
    """The host (and port) of a URL, or the media root."""
    if "://" not in reference:
        return MEDIA_ROOT
    try:
        return urlsplit(reference).netloc.rpartition("@")[2].lower()
    except ValueError:
        return "a malformed URL"
