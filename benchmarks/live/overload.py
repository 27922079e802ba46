"""Many times as many events as the rankers can follow: lists are late, nothing else suffers, and all of them come.

The same users act again and again, in large requests, so that each of them always waits.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import redis

from benchmarks.errors import BenchmarkRefused
from benchmarks.figures import Bound, Row, at_most
from benchmarks.live.asking import Pages, Requests, Watch, posted
from benchmarks.serve.client import Timing, ask, ask_at
from shared.domain import Phase
from shared.ranked_lists import keys

KINDS = ("comment", "save", "share")
PAGES_PER_SECOND = 20
LOOK_EVERY = 0.05
TIMES = 5.0
MOST_RECOVERY = 5.0  # seconds after the last event
MOST_PAGE_P99, MOST_DEGRADED = 0.3, 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """What happened."""

    asked: float  # events a second that were to come
    taken: float  # events a second that the timeline took
    backlog: int  # entries of the longer queue, at most: a user may be in it more than once
    recovery: float  # seconds from the last event until all lists were newer
    lost: int  # lists that are not
    pages: Timing
    degraded: float  # share of the pages

    def rows(self) -> Iterator[Row]:
        """For the table."""
        yield Row(system="overload", metric="events asked", value=self.asked, unit="1/s")
        yield Row(system="overload", metric="events taken", value=self.taken, unit="1/s")
        yield Row(system="overload", metric="entries of a queue, at most", value=self.backlog, unit="")
        yield Row(system="overload", metric="until all lists are newer", value=self.recovery, unit="s")
        yield Row(system="overload", metric="pages meanwhile, p99", value=1e3 * self.pages.quantile(0.99), unit="ms")
        yield Row(system="overload", metric="pages meanwhile, degraded", value=self.degraded, unit="share")

    def bounds(self, *, backlog: int) -> Iterator[Bound]:
        """What must hold."""
        yield at_most("overload: lists that were lost", self.lost, 0)
        yield at_most("overload: entries of a queue", self.backlog, backlog)
        yield at_most("overload: seconds until all lists are newer", self.recovery, MOST_RECOVERY)
        yield at_most("overload: pages, seconds of p99", self.pages.quantile(0.99), MOST_PAGE_P99)
        yield at_most("overload: pages, share degraded", self.degraded, MOST_DEGRADED)


def measure(
    port: int, redis_url: str, users: Sequence[str], posts: Sequence[str], *, can: float, seconds: float, seed: int
) -> Overload:
    """Send `TIMES` as many events as the rankers `can` make lists a second, or as many as are taken; ask for pages.

    Raises:
        BenchmarkRefused: a request was refused.
    """
    rate = TIMES * can
    pages, timings = Pages(users, count=int(PAGES_PER_SECOND * seconds), seed=seed), list[Timing]()
    reading = threading.Thread(
        target=lambda: timings.append(
            ask_at(port, pages, connections=8, rate=PAGES_PER_SECOND, count=int(PAGES_PER_SECOND * seconds), seed=seed)
        )
    )
    reading.start()
    begun, sent, backlog = time.monotonic(), 0, 0
    watch, pairs = Watch(redis_url, tuple(Phase)), [(user, phase) for user in users for phase in Phase]
    with redis.Redis.from_url(redis_url) as client:
        for round_ in range(len(posts) * len(KINDS)):
            if time.monotonic() >= begun + seconds:
                break
            time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
            before = watch.versions(client, pairs)
            kind = KINDS[round_ % len(KINDS)]
            events = [
                {"user_id": user, "post_id": posts[(index + round_ // len(KINDS)) % len(posts)], "kind": kind}
                | ({"event_id": f"overload-{round_}-{index}"} if kind == "comment" else {})
                for index, user in enumerate(users)
            ]
            ask(port, Requests([posted(events)]), connections=1)
            sent += len(users)
            backlog = max(backlog, *(int(client.xlen(keys.live(phase))) for phase in Phase))
        taken, ended = sent / (time.monotonic() - begun), time.monotonic()
        lost = len(pairs)
        while lost and time.monotonic() < ended + 60:
            lost = sum(a >= b for a, b in zip(before, watch.versions(client, pairs), strict=True))
            lost += sum(int(client.xlen(keys.live(phase))) for phase in Phase)
            time.sleep(LOOK_EVERY)
        recovery = time.monotonic() - ended
    reading.join()
    if pages.wrong:
        raise BenchmarkRefused(f"{pages.wrong} pages were no pages")
    return Overload(
        asked=rate, taken=taken, backlog=backlog, recovery=recovery, lost=lost, pages=timings[0],
        degraded=pages.degraded / max(1, len(timings[0].seconds)),
    )  # fmt: skip
