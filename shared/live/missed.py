"""Finds the users whose events the queue missed: Redis was away or lost its memory, or the queue was full.

A list carries a version, and so does what was visible in PostgreSQL at a time (`LivePass`). So whether a list contains
an event is known exactly, whoever made it: a live pass of any process, or a run.
"""

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import timedelta

from shared.db.live_passes import LivePass

MAX_SAMPLES = 4_000
_NEWER = 2**63  # than any transaction
REMEMBERED = 100_000  # users whose pass left no list
GRACE = timedelta(seconds=2)  # in which an event reaches the queue, or is on its way


class MissedEvents:
    """What was visible at which version, and from which transaction on events may have been missed."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, LivePass]] = deque(maxlen=MAX_SAMPLES)  # oldest first
        self._without_list: dict[str, LivePass] = {}
        self.since: int | None = None  # transaction: of what earlier ones wrote, nothing is missed
        self.next = 0  # transaction from which on to search now; a round from `since` to the newest takes many searches
        self._left = _NEWER  # the oldest transaction that this round left something of

    def note(self, taken: LivePass, without_list: Iterable[str] = ()) -> None:
        """Remember a pass, and the users for whom it wrote no list."""
        self._samples.append((time.monotonic(), taken))
        for user in without_list:
            self._without_list.pop(user, None)
            self._without_list[user] = taken
        while len(self._without_list) > REMEMBERED:
            del self._without_list[next(iter(self._without_list))]

    def begin_at(self, since: int) -> None:
        """Search from this transaction on."""
        self.since = self.next = since
        self._left = _NEWER

    def missed(
        self, arrived: Mapping[str, int], versions: Mapping[str, int], *, lag: timedelta, until: int | None = None
    ) -> list[str]:
        """Those users whose list lacks an event; the oldest event first.

        Args:
            arrived: user -> the newest transaction that changed their events, since `next`.
            versions: user -> version of their list.
            until: transaction up to which `arrived` has all; None: it has all.
            lag: how long the first user in the queue has been waiting: newer events are probably in the queue.
        """
        before = self._seen_before(lag + GRACE)
        if before is None:
            return []
        found = {user: xid for user, xid in arrived.items() if before.saw(xid) and not self._has(user, xid, versions)}
        # A transaction that has been open for long may still write what comes before all that was searched.
        self._left = min([self._left, before.oldest, *found.values()])
        if until is None:
            self.begin_at(self._left)
        else:
            # Of a transaction that wrote more than is read at once, the rest is left to the runs.
            self.next = max(until, self.next + 1)
        return sorted(found, key=lambda user: (found[user], user))

    def _has(self, user: str, xid: int, versions: Mapping[str, int]) -> bool:
        known = self._without_list.get(user)
        if known is not None and known.saw(xid):
            return True
        version = versions.get(user, 0)
        index = bisect_right(self._samples, version, key=lambda sample: sample[1].version)
        return index > 0 and self._samples[index - 1][1].saw(xid)

    def _seen_before(self, age: timedelta) -> LivePass | None:
        """The newest sample of at least this age."""
        until = time.monotonic() - age.total_seconds()
        index = bisect_right(self._samples, until, key=lambda sample: sample[0])
        return self._samples[index - 1][1] if index else None
