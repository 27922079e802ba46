"""How fast each user may write with their own JWT: one rate for all processes of a machine, in bounded memory.

The generic cell rate algorithm (ITU-T I.371) needs one number of each user: when a bucket that leaks steadily will be
empty. The numbers stand in a sketch in common memory: each user has three cells, found by a keyed hash, and the least
of them counts (as in a count-min sketch with conservative update). So nobody is let through too often because of
others, and refused because of others only if all three cells are busy with theirs: one user in 5,000, while 5,000
others write at their limit. Two processes that write a cell at the same time may lose one of the updates, which lets
some writes more through.
"""

import mmap
import os
import struct
import time
from collections.abc import Callable
from hashlib import blake2b

CELLS = 262_144  # of 8 bytes: two megabytes for all processes together
_PLACES = struct.Struct("<3Q")


class WriteRates:
    """Rates of users; made before processes part."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            clock: seconds, the same on all processes of the machine.
        """
        self._empty_at = memoryview(mmap.mmap(-1, CELLS * 8)).cast("d")
        self._key, self._clock = os.urandom(16), clock

    def wait(self, user_id: str, writes: int, *, per_minute: int, burst: int) -> float:
        """Count writes of a user; returns 0, or after how many seconds they may be tried again: then none is counted.

        Args:
            user_id: who.
            writes: how many, at most `burst`.
            per_minute: how many a user may do in the long run.
            burst: how many at once, after a rest.
        """
        now, seconds = self._clock(), 60 / per_minute
        places = self._places(user_id)
        empty_at = max(now, min(self._empty_at[place] for place in places)) + writes * seconds
        late = empty_at - now - burst * seconds
        if late > 0:
            return late
        for place in places:
            self._empty_at[place] = max(self._empty_at[place], empty_at)
        return 0.0

    def _places(self, user_id: str) -> list[int]:
        digest = blake2b(user_id.encode(), digest_size=_PLACES.size, key=self._key).digest()
        return [number % CELLS for number in _PLACES.unpack(digest)]
