"""Another commit's timeline and this one by turns in one run: what the work between them did to a page.

Each has its own database and Redis database on the same servers, filled by its own code with the same seed.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import redis

from benchmarks import figures
from benchmarks.databases import empty_database
from benchmarks.figures import Bound, Result, Row
from benchmarks.serve import servers
from benchmarks.serve.asking import LIMIT
from benchmarks.serve.checkout import THIS, Checkout, checkout, require_same_world, seed
from benchmarks.serve.rounds import CURSOR, FIRST, Effort, Measured, MeasuredTimeline, Seen, tokens_of
from benchmarks.serve.world import WorldSize
from benchmarks.turns import in_turn, median_interval
from demo.embedded import Servers

ROUNDS = 9  # at least: of so many, the interval leaves out the best and the worst
MUST_KEEP = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One kind of page, measured on both commits."""

    kind: str
    this: Measured
    other: Measured

    @property
    def rates(self) -> list[float]:
        """This commit's requests per second divided by the other's, for each round."""
        return [mine.rate / its.rate for mine, its in zip(self.this.full, self.other.full, strict=True)]

    @property
    def processor(self) -> list[float]:
        """The other commit's processor time per request divided by this one's: above 1, this one needs less."""
        return [its / mine for mine, its in zip(self.this.processor, self.other.processor, strict=True)]


def compare(revision: str, home: Path, stores: Servers, size: WorldSize, effort: Effort) -> Result:
    """All rounds of both.

    Raises:
        BenchmarkRefused: no such commit, or one whose world is another.
    """
    with checkout(revision, home) as other, targets_of((THIS, other), home, stores, size, effort) as (this, its):
        pairs = _measured(this, its, other.name, effort)
        peaks = [Row(system=name, metric="peak RSS", value=target.timeline.peak_bytes() / 2**20, unit="MiB")
                 for name, target in ((THIS.name, this), (other.name, its))]  # fmt: skip
    notes = {"seed": str(size.seed), "connections": str(effort.connections), "this": "the working tree"}
    return Result(
        title=f"pages of {LIMIT} for {size.users:,} users, {effort.rounds} rounds of {effort.requests:,} requests",
        ratio=f"this to {other.name}",
        rows=[*(row for pair in pairs for row in _rows(pair, other.name)), *peaks],
        bounds=[bound for pair in pairs for bound in _bounds(pair)],
        notes=notes | _unexpected_notes(pairs),
    )


@contextmanager
def targets_of(
    checkouts: Sequence[Checkout],
    home: Path,
    stores: Servers,
    size: WorldSize,
    effort: Effort,
    *,
    workers: Sequence[int] = (1, 1),
) -> Iterator[list[MeasuredTimeline]]:
    """A timeline of each with so many processes, ready, in a world of its own; each process has the connections."""
    tokens, targets, urls = tokens_of(size.user_ids), list[MeasuredTimeline](), dict[str, str]()
    with ExitStack() as stack:
        for number, of in enumerate(checkouts):
            database_url = stack.enter_context(empty_database(stores.database_url))
            redis_url = urlsplit(stores.redis_url)._replace(path=f"/{number}").geturl()
            folder = home / f"timeline{number}"
            folder.mkdir()
            seed(of, size, home=folder, database_url=database_url, redis_url=redis_url)
            timeline = stack.enter_context(
                servers.timeline(
                    folder, database_url=database_url, redis_url=redis_url, root=of.root, workers=workers[number]
                )
            )
            client = redis.Redis.from_url(redis_url)
            stack.callback(client.close)
            targets.append(
                MeasuredTimeline(timeline=timeline, seen=Seen(client), users=size.user_ids, tokens=tokens,
                      connections=effort.connections * workers[number])
            )  # fmt: skip
            urls[f"{of.name} {number}"] = database_url
        require_same_world(urls)
        yield targets


def _measured(this: MeasuredTimeline, other: MeasuredTimeline, other_name: str, effort: Effort) -> list[Pair]:
    kinds = [f"{page}, {kind}" for page in (FIRST, CURSOR) for kind in this.tokens]
    pairs = [Pair(kind=kind, this=Measured(system=THIS.name), other=Measured(system=other_name)) for kind in kinds]
    for target in (this, other):
        target.visit()
    for number, pair in in_turn(pairs, rounds=effort.rounds):
        both = [(pair.this, this), (pair.other, other)]
        for measured, target in both if number % 2 else both[::-1]:  # each begins in every other round
            measured.ask(target.timeline, target.pages(pair.kind, effort.requests), connections=effort.connections)
    return pairs


def _rows(pair: Pair, other_name: str) -> Iterator[Row]:
    both = {"requests": pair.rates, "processor": pair.processor}
    for name, one in ((THIS.name, pair.this), (other_name, pair.other)):
        ratio = {metric: median(ratios) if one is pair.this else None for metric, ratios in both.items()}
        system, microseconds = f"{pair.kind}, {name}", 1e6 * median(one.processor)
        yield Row(system=system, metric="requests", value=one.rate, unit="1/s", ratio=ratio["requests"])
        yield Row(system=system, metric="processor", value=microseconds, unit="µs/request", ratio=ratio["processor"])
        yield Row(system=system, metric="p99", value=1e3 * one.quantile(0.99), unit="ms")
    for metric, ratios in both.items():
        for end, value in zip(("from", "to"), median_interval(ratios), strict=True):
            yield Row(system=pair.kind, metric=f"ratio of {metric}, 95 % {end}", value=value, unit="")


def _bounds(pair: Pair) -> Iterator[Bound]:
    for what, ratios in (("requests/s", pair.rates), ("1 / processor time", pair.processor)):
        low, high = median_interval(ratios)
        yield figures.at_least(f"{pair.kind}, {what} (95 %: {low:.3f} to {high:.3f})", median(ratios), MUST_KEEP)


def _unexpected_notes(pairs: Sequence[Pair]) -> dict[str, str]:
    """Answers that were not a whole page of the best source."""
    both = [one for pair in pairs for one in (pair.this, pair.other)]
    asked, unexpected = sum(len(each.seconds) for one in both for each in one.full), sum(one.unexpected for one in both)
    first = next((f"{one.system}: {one.first_unexpected}" for one in both if one.unexpected), "")
    return {"odd answers": f"{unexpected} of {asked:,}"} | ({"first": first} if first else {})
