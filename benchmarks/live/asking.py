"""The load of the benchmark: single events by random people, first pages, and a watch on the lists that must change."""

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import redis

from benchmarks.errors import BenchmarkRefused
from benchmarks.serve import servers
from benchmarks.serve.client import HOST
from shared.domain import Phase
from shared.ranked_lists import codec, keys

LOOK_EVERY = 0.005  # seconds between two looks at the lists: the resolution of the figures
KIND = "save"  # the world has only views and likes, and a repeat would change no list
_HEAD = codec.HEADER.size + codec.VERSION.size - 1


@dataclass(slots=True)
class Watch:
    """Waits for newer lists of the users whose events were accepted, in a thread of its own."""

    redis_url: str
    phases: Sequence[Phase]
    seconds: dict[Phase, list[float]] = field(default_factory=dict)
    _waiting: dict[tuple[str, Phase], tuple[float, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def versions(self, client: "redis.Redis", pairs: Sequence[tuple[str, Phase]]) -> list[int]:
        """The version of each list."""
        pipe = client.pipeline(transaction=False)
        for user, phase in pairs:
            pipe.getrange(keys.ranked_list(phase, user), 0, _HEAD)
        return [codec.version_of(value) for value in pipe.execute()]

    def expect(self, user: str, accepted_at: float, version_of: dict[Phase, int]) -> None:
        """From now on, wait for lists of higher versions."""
        with self._lock:
            self._waiting |= {(user, phase): (accepted_at, version_of[phase]) for phase in self.phases}

    def run(self) -> None:
        """Look until told to stop."""
        self.seconds = {phase: [] for phase in self.phases}
        with redis.Redis.from_url(self.redis_url) as client:
            while not self._ended.wait(LOOK_EVERY):
                with self._lock:
                    waiting = dict(self._waiting)
                if not waiting:
                    continue
                for pair, version in zip(waiting, self.versions(client, list(waiting)), strict=True):
                    accepted_at, before = waiting[pair]
                    if version > before:
                        self.seconds[pair[1]].append(time.monotonic() - accepted_at)
                        with self._lock:
                            del self._waiting[pair]

    def finish(self, *, within: float) -> int:
        """Wait for the rest; returns how many lists did not change."""
        until = time.monotonic() + within
        while self._waiting and time.monotonic() < until:
            time.sleep(LOOK_EVERY)
        self._ended.set()
        return len(self._waiting)


class Saves:
    """Single events, each by another user, on a random post."""

    def __init__(self, users: Sequence[str], posts: Sequence[str], watch: Watch, *, count: int, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - repeatable
        self._pairs = self._drawn(users, posts, count)
        self._watch, self._asked = watch, dict[int, tuple[str, dict[Phase, int]]]()
        self._client = redis.Redis.from_url(watch.redis_url)
        self._number, self.refused = 0, 0

    def request(self) -> tuple[int, bytes] | None:
        """The next event; the versions of its user's lists are read before."""
        pair = next(self._pairs, None)
        if pair is None:
            return None
        user, post = pair
        pairs = [(user, phase) for phase in self._watch.phases]
        versions = dict(zip(self._watch.phases, self._watch.versions(self._client, pairs), strict=True))
        self._number += 1
        self._asked[self._number] = user, versions
        return self._number, posted([{"user_id": user, "post_id": post, "kind": KIND}])

    def answer(self, number: int, head: bytes, body: bytes) -> None:
        """The time of the answer counts as that of the event."""
        user, versions = self._asked.pop(number)
        if b" 200 " in head and json.loads(body)["accepted"] == 1:
            self._watch.expect(user, time.monotonic(), versions)
        else:
            self.refused += 1

    def _drawn(self, users: Sequence[str], posts: Sequence[str], count: int) -> Iterator[tuple[str, str]]:
        for number in range(count):  # a user comes again when all have come
            yield users[number % len(users)], self._rng.choice(posts)


class Pages:
    """First pages of random users."""

    def __init__(self, users: Sequence[str], *, count: int, seed: int) -> None:
        self._rng, self._users, self._left = random.Random(seed), users, count  # noqa: S311 - repeatable
        self.degraded = self.wrong = 0

    def request(self) -> tuple[int, bytes] | None:
        """The next page."""
        if not self._left:
            return None
        self._left -= 1
        user = self._rng.choice(self._users)
        head = f"GET /timeline/{user} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {servers.API_KEY}\r\n\r\n"
        return self._left, head.encode()

    def answer(self, _number: int, head: bytes, body: bytes) -> None:
        """Count what is not as it should be."""
        self.wrong += b" 200 " not in head
        self.degraded += b'"degraded"' in body


class Requests:
    """Given requests, each once; all must be answered with 200."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = list(requests)

    def request(self) -> tuple[int, bytes] | None:
        """The next one."""
        return (0, self._requests.pop()) if self._requests else None

    def answer(self, _number: int, head: bytes, body: bytes) -> None:
        """Refuse to go on if it is another one."""
        if b" 200 " not in head:
            raise BenchmarkRefused(f"a request was refused: {body[:200]!r}")


def posted(events: Sequence[dict[str, str]]) -> bytes:
    """A request with events."""
    body = json.dumps(events).encode()
    head = (
        f"POST /interactions HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {servers.API_KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
