"""The queue of users whose lists are out of date: a stream for each ranker, shared by its processes.

A user leaves the stream when their list is written, so its length is the backlog. What a process took and did not
finish is taken over by another one. The ids are in clear text, as in all keys of users; an erasure removes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from redis.exceptions import ResponseError

from shared.domain import Phase
from shared.ranked_lists import keys, scripts
from shared.ranked_lists.clients import JOB_TIMEOUT, connect, redis_errors

GROUP = "rankers"
TAKEN_OVER_AFTER = timedelta(seconds=3)  # without a sign of the process that took a user
FORGOTTEN_AFTER = timedelta(minutes=2)
_AT_ONCE = 1_000  # entries that are read in one step when a user is removed
_READING = timedelta(seconds=1)  # of waiting, at most, beside the time of an answer


class QueueLost(Exception):
    """Redis has no such group: it lost its memory, or no ranker listened for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A user who waits for a list."""

    entry: bytes  # id in the stream
    user_id: str

    @property
    def since(self) -> float:
        """When they joined the queue, in seconds since 1970 by Redis' clock."""
        return int(self.entry.partition(b"-")[0]) / 1000


class LiveQueue:
    """One ranker's end of the queue, for one process."""

    def __init__(self, url: str, phase: Phase, *, consumer: str, keep_for: timedelta) -> None:
        self._url, self._phase, self._stream, self._consumer = url, phase, keys.live(phase), consumer
        self._redis = connect(url, timeout=JOB_TIMEOUT)
        self._keep_for = keep_for

    def open(self) -> bool:
        """Begin to listen; True if nobody did, so that events may have been missed."""
        with redis_errors(self._url):
            if self._redis.type(self._stream) not in (b"stream", b"none"):
                self._redis.delete(self._stream)
            try:
                self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
                return False
            finally:
                self.stay()
        return True

    def stay(self) -> None:
        """Keep the queue for some time, and forget processes that ended. Call it every few seconds.

        Raises:
            QueueLost: Redis lost it.
        """
        with redis_errors(self._url):
            if not self._redis.pexpire(self._stream, keys.LIVE_FOR):
                raise QueueLost
            idle = int(FORGOTTEN_AFTER.total_seconds() * 1000)
            self._asked(lambda: self._redis.eval(scripts.FORGET_CONSUMERS, 1, self._stream, GROUP, idle))

    def take(self, at_most: int, *, wait: timedelta = timedelta(0)) -> list[Waiting]:
        """The users who have waited longest, for this process.

        Raises:
            QueueLost: Redis lost it.
        """
        block = int(min(wait, _READING).total_seconds() * 1000) or None
        with redis_errors(self._url):
            found = self._asked(
                lambda: self._redis.xreadgroup(GROUP, self._consumer, {self._stream: ">"}, count=at_most, block=block)
            )
        return _waiting(found[0][1]) if found else []

    def take_over(self, at_most: int) -> list[Waiting]:
        """Users whom another process (or this one) took, and has not finished for some seconds."""
        idle = int(TAKEN_OVER_AFTER.total_seconds() * 1000)
        with redis_errors(self._url):
            answer = self._asked(
                lambda: self._redis.xautoclaim(self._stream, GROUP, self._consumer, idle, "0-0", count=at_most)
            )
        return _waiting(answer[1])

    def add(self, users: Sequence[str], *, at_most: int) -> int:
        """Add users whom the stream missed; returns how many found no room, which are the last ones."""
        names = [keys.ERASED, keys.INSTALLATION, self._stream]
        with redis_errors(self._url):
            for start in range(0, len(users), _AT_ONCE):
                batch = users[start : start + _AT_ONCE]
                left_out = int(
                    cast(int, self._redis.eval(scripts.NOTIFY_RANKERS, len(names), *names, "", at_most, *batch))
                )
                if left_out:
                    return len(users) - start - len(batch) + left_out
        return 0

    def finish(self, waiting: Sequence[Waiting]) -> None:
        """These users are done."""
        if waiting:
            entries = [each.entry for each in waiting]
            with redis_errors(self._url):
                pipe = self._redis.pipeline(transaction=False)
                pipe.xack(self._stream, GROUP, *entries)
                pipe.xdel(self._stream, *entries)
                for answer in pipe.execute(raise_on_error=False):
                    if isinstance(answer, Exception) and "NOGROUP" not in str(answer):
                        raise answer

    def count(self, **more: float) -> None:
        """Add to the counts that the operator sees."""
        name = keys.live_counts(self._phase)
        with redis_errors(self._url):
            pipe = self._redis.pipeline(transaction=False)
            for what, value in more.items():
                pipe.hincrbyfloat(name, what, value)
            pipe.pexpire(name, self._keep_for)
            pipe.execute()

    def may_do(self, task: str, *, for_the_next: timedelta) -> bool:
        """Whether this process does a task of which one process is enough; then no other does for that long."""
        with redis_errors(self._url):
            name = keys.live_task(self._phase, task)
            return bool(self._redis.set(name, self._consumer, nx=True, px=for_the_next))

    def put_off(self, task: str, *, for_the_next: timedelta) -> None:
        """No process does this task for that long."""
        with redis_errors(self._url):
            self._redis.set(keys.live_task(self._phase, task), self._consumer, px=for_the_next)

    def lag(self) -> float:
        """How many seconds the first user has been waiting; 0 if nobody waits."""
        with redis_errors(self._url):
            first = cast(list[tuple[bytes, Any]], self._redis.xrange(self._stream, count=1))
        return max(0.0, self.now() - Waiting(entry=first[0][0], user_id="").since) if first else 0.0

    def now(self) -> float:
        """Seconds since 1970 by Redis' clock."""
        with redis_errors(self._url):
            seconds, microseconds = self._redis.time()
        return seconds + microseconds / 1e6

    def close(self) -> None:
        self._redis.close()

    def _asked(self, ask: Any) -> Any:
        try:
            return ask()
        except ResponseError as error:
            if "NOGROUP" in str(error) or "no such key" in str(error).lower() or "UNBLOCKED" in str(error):
                raise QueueLost from error
            raise


def forget_waiting(client: Any, user_id: str) -> None:
    """Remove an erased user from the queues, step by step, so that pages are answered in between."""
    for phase in Phase:
        stream, start = keys.live(phase), "-"
        if client.type(stream) != b"stream":
            continue
        while entries := client.xrange(stream, min=start, count=_AT_ONCE):
            own = [entry for entry, fields in entries if fields.get(b"user") == user_id.encode()]
            if own:
                client.xdel(stream, *own)
            start = f"({entries[-1][0].decode()}"


def _waiting(entries: Iterable[tuple[bytes, Mapping[bytes, bytes] | None]]) -> list[Waiting]:
    return [
        Waiting(entry=entry, user_id=fields[b"user"].decode())
        for entry, fields in entries
        if fields and b"user" in fields
    ]
