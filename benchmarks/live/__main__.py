"""`python -m benchmarks.live`: seconds from an accepted event to the user's changed list, in both phases.

All services as processes: a timeline that takes single events at several rates, both rankers with their live loops, on
a PostgreSQL that waits for the disk at each commit. Meanwhile first pages are asked for. Then many users at once, for
passes per second of processor time, and new posts. The model has the size of a trained one, and was not trained.

With `--overload` five times as many events as lists can be made. At last, unless `--no-taste`, a small world of two
camps with a model that was trained on it: whether likes, hides and new posts move lists the right way.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import redis

from benchmarks.errors import BenchmarkRefused
from benchmarks.figures import Bound, Result, Row, at_least, at_most, count, parser, refusals, report
from benchmarks.live import new_posts, overload, taste
from benchmarks.live.asking import Pages, Requests, Saves, Watch, posted
from benchmarks.live.overload import Overload
from benchmarks.live.services import running
from benchmarks.new_posts.world import Size, build, users_of
from benchmarks.serve.client import Timing, ask, ask_at
from benchmarks.serve.servers import Served
from demo.embedded import embedded_servers
from shared.domain import Phase
from shared.live.settings import LiveSettings
from shared.ranked_lists import keys

DEMO = Size(users=943, posts=1_682, events=100_000)  # as many as in the demo's world
LARGE = Size(users=20_000, posts=20_000, events=1_000_000)
RATES = (1, 20, 50, 100)  # events a second
PAGES_PER_SECOND = 20
MOST_P95, MOST_PAGE_P99, MOST_DEGRADED = 2.0, 0.3, 0.01  # seconds, seconds, share
MOST_NEW = 60.0  # seconds
FEW_NEW, MANY_NEW = 10, 1_000  # new posts at once
BURST_USERS = 1_000  # of one request, at the end
RANKERS = {Phase.HEURISTIC: "s01_heuristic", Phase.NEUCF: "s02_recsys_neucf"}
LEAST_PASSES = {Phase.HEURISTIC: 50, Phase.NEUCF: 20}  # per second of processor time


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRate:
    """What was measured at one rate."""

    rate: int
    lists: Mapping[Phase, Timing]  # from the accepted event to the list
    unchanged: int  # lists that did not change in time
    pages: Timing
    degraded: float  # share of the pages
    processor: Mapping[Phase, float]  # seconds of the ranker for each of its lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Many users at once."""

    passes: float  # per second of processor time, with all that the process does meanwhile
    seconds: float  # until all lists had changed


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    size = replace(LARGE if given.large else DEMO, seed=given.seed)
    seconds = 5.0 if given.quick else given.seconds
    with (
        refusals("live"),
        tempfile.TemporaryDirectory(prefix="warmline-live-") as home,
        embedded_servers(Path(home) / "servers", durable=True) as stores,
        running(Path(home), stores.database_url, stores.redis_url, lambda database: build(database, size)) as services,
    ):
        measured = [_at_rate(services, stores.redis_url, size, rate, seconds) for rate in given.rates]
        bursts = _burst(services, stores.redis_url, size)
        over = [_overload(services, stores.redis_url, size, bursts, seconds)] if given.overload else []
        n_new = FEW_NEW if given.quick else MANY_NEW
        new = new_posts.measure(stores.database_url, stores.redis_url, users_of(size), count=n_new)
    tastes = [] if given.no_taste else [_taste(given.seed)]
    rows = [row for each in measured for row in _rows(each)] + [
        row for pair in bursts.items() for row in _of_burst(*pair)
    ]
    title = f"an event in the user's list: {size.users:,} users, {size.posts:,} posts, {size.events:,} events"
    rows += [
        Row(system=f"{phase.value}, {n_new:,} new posts", metric="until all lists knew them", value=took, unit="s")
        for phase, took in new.items()
    ]
    bounds = [*(bound for each in measured for bound in _bounds(each)), *_bounds_of_bursts(bursts)]
    bounds += [at_most(f"{phase.value}: seconds until all lists knew new posts", new[phase], MOST_NEW) for phase in new]
    for each_over in over:
        rows += each_over.rows()
        bounds += each_over.bounds(backlog=LiveSettings().live_backlog)
    for found in tastes:
        rows += found.rows()
        bounds += found.bounds()
    return report(Result(title=title, rows=rows, bounds=bounds, notes={"seed": f"{size.seed}"}), given.json)


def _at_rate(services: Mapping[str, Served], redis_url: str, size: Size, rate: int, seconds: float) -> AtRate:
    timeline, before = (
        services["timeline"],
        {phase: _processor_seconds(services[name]) for phase, name in RANKERS.items()},
    )
    users, watch = users_of(size), Watch(redis_url, tuple(Phase))
    # Another thousand of users for each rate: lists change for nothing else meanwhile.
    start = (rate * 37) % len(users)
    saves = Saves(
        [*users[start:], *users[:start]], [f"post{n}" for n in range(1, size.posts + 1)], watch,
        count=max(10, int(rate * seconds)), seed=size.seed + rate,
    )  # fmt: skip
    pages, page_times = Pages(users, count=int(PAGES_PER_SECOND * seconds), seed=size.seed), list[Timing]()
    watching = Thread(target=watch.run)
    reading = Thread(
        target=lambda: page_times.append(
            ask_at(timeline.port, pages, connections=8, rate=PAGES_PER_SECOND, count=int(PAGES_PER_SECOND * seconds),
                   seed=size.seed)
        )
    )  # fmt: skip
    watching.start()
    reading.start()
    ask_at(timeline.port, saves, connections=16, rate=rate, count=max(10, int(rate * seconds)), seed=size.seed)
    unchanged = watch.finish(within=20.0) + saves.refused
    reading.join()
    watching.join()
    if pages.wrong:
        raise BenchmarkRefused(f"{pages.wrong} pages were no pages")
    return AtRate(
        rate=rate,
        lists={phase: Timing(seconds=found) for phase, found in watch.seconds.items()},
        unchanged=unchanged,
        pages=page_times[0],
        degraded=pages.degraded / max(1, len(page_times[0].seconds)),
        processor={
            phase: (_processor_seconds(services[name]) - before[phase]) / max(1, len(watch.seconds[phase]))
            for phase, name in RANKERS.items()
        },
    )


def _burst(services: Mapping[str, Served], redis_url: str, size: Size) -> dict[Phase, Burst]:
    users = users_of(size)[:BURST_USERS]
    processes = {phase: services[name] for phase, name in RANKERS.items()}
    before = {phase: _processor_seconds(each) for phase, each in processes.items()}
    with redis.Redis.from_url(redis_url) as client:
        passes = {phase: _passes(client, phase) for phase in Phase}
        events = [{"user_id": user, "post_id": f"post{n}", "kind": "share"} for n, user in enumerate(users, start=1)]
        begun, ended = time.monotonic(), dict[Phase, float]()
        ask(services["timeline"].port, Requests([posted(events)]), connections=1)
        while len(ended) < len(Phase) and time.monotonic() < begun + 60:
            for phase in Phase:
                if phase not in ended and _passes(client, phase) - passes[phase] >= len(users):
                    ended[phase] = time.monotonic() - begun
                    passes[phase] = len(users) / (_processor_seconds(processes[phase]) - before[phase])
            time.sleep(0.01)
    if len(ended) < len(Phase):
        raise BenchmarkRefused(f"after a minute, only {len(ended)} phases have made all lists of the burst")
    return {phase: Burst(passes=passes[phase], seconds=ended[phase]) for phase in Phase}


def _overload(
    services: Mapping[str, Served], redis_url: str, size: Size, bursts: Mapping[Phase, Burst], seconds: float
) -> Overload:
    users = users_of(size)[:BURST_USERS]
    can = min(len(users) / burst.seconds for burst in bursts.values())  # lists a second, while nothing else happens
    posts = [f"post{n}" for n in range(1, size.posts + 1)]
    port = services["timeline"].port
    return overload.measure(port, redis_url, users, posts, can=can, seconds=seconds, seed=size.seed)


def _taste(seed: int) -> taste.Taste:
    """In stores of its own: the model and the numbers of posts are others."""
    with (
        tempfile.TemporaryDirectory(prefix="warmline-live-taste-") as home,
        embedded_servers(Path(home) / "servers", durable=False) as stores,
    ):
        return taste.measure(Path(home), stores.database_url, stores.redis_url, seed=seed)


def _processor_seconds(served: Served) -> float:
    """All that a ranker has computed, also in threads that have ended: a load of new posts has one of its own."""
    fields = Path(f"/proc/{served.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _passes(client: "redis.Redis", phase: Phase) -> float:
    return float(client.hget(keys.live_counts(phase), "passes") or 0)


def _rows(each: AtRate) -> Iterator[Row]:
    for phase, times in each.lists.items():
        system = f"{phase.value}, {each.rate} events/s"
        yield Row(system=system, metric="processor time a list", value=1e3 * each.processor[phase], unit="ms")
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            yield Row(system=system, metric=f"to the changed list, {name}", value=times.quantile(share), unit="s")
    pages = f"pages at {each.rate} events/s"
    yield Row(system=pages, metric="p99", value=1e3 * each.pages.quantile(0.99), unit="ms")
    yield Row(system=pages, metric="degraded", value=each.degraded, unit="share")


def _of_burst(phase: Phase, burst: Burst) -> Iterator[Row]:
    system = f"{phase.value}, {BURST_USERS:,} users at once"
    yield Row(system=system, metric="passes", value=burst.passes, unit="1/s of a core")
    yield Row(system=system, metric="until all lists changed", value=burst.seconds, unit="s")


def _bounds(each: AtRate) -> Iterator[Bound]:
    yield at_most(f"lists that did not change, at {each.rate} events/s", each.unchanged, 0)
    if each.rate <= 20:
        for phase, times in each.lists.items():
            yield at_most(f"{phase.value} at {each.rate} events/s, seconds of p95", times.quantile(0.95), MOST_P95)
    yield at_most(f"pages at {each.rate} events/s, seconds of p99", each.pages.quantile(0.99), MOST_PAGE_P99)
    yield at_most(f"pages at {each.rate} events/s, share degraded", each.degraded, MOST_DEGRADED)


def _bounds_of_bursts(bursts: Mapping[Phase, Burst]) -> Sequence[Bound]:
    return [
        at_least(f"{phase.value}: passes a second of processor time", burst.passes, LEAST_PASSES[phase])
        for phase, burst in bursts.items()
    ]


def _parser() -> argparse.ArgumentParser:
    made = parser("live", __doc__)
    made.add_argument("--seconds", type=float, default=15.0, help="of each rate (15; 5 with --quick)")
    made.add_argument("--rates", type=count, nargs="+", default=RATES, help="events a second (1 20 50 100)")
    made.add_argument("--overload", action="store_true", help="also five times as many events as lists can be made")
    made.add_argument("--no-taste", action="store_true", help="leave out the two camps, whose model is trained first")
    made.add_argument("--large", action="store_true", help=f"{LARGE.users:,} users and {LARGE.posts:,} posts")
    return made


if __name__ == "__main__":
    sys.exit(main())
