"""`python -m benchmarks.serve`: pages with every promise on, beside a FastAPI route that does nothing.

One process each, asked in turn by a client in this one; `--start` measures how soon a timeline answers instead,
`--against REV` how the pages of another commit and of this working tree compare, and `--workers N` what a page costs
with several processes.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import redis

from benchmarks import figures
from benchmarks.databases import empty_database
from benchmarks.figures import Bound, Result, Row
from benchmarks.resident import MIB
from benchmarks.serve import servers
from benchmarks.serve.against import ROUNDS, compare
from benchmarks.serve.asking import LIMIT
from benchmarks.serve.readers import KINDS, SEEN, Readers, authors_of_posts, cost
from benchmarks.serve.readers import measure as measure_readers
from benchmarks.serve.rounds import Effort, Measured, Seen, measure
from benchmarks.serve.start import Start, measure_starts
from benchmarks.serve.workers import compare_workers
from benchmarks.serve.world import WorldSize, build
from benchmarks.turns import paired_ratio
from demo.embedded import Servers, embedded_servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.settings import StoreSettings

MUST_RATE, MUST_STRAIN, MUST_START = 0.4, 4.0, 1.0
GUARD_RATE = 0.12  # of `--quick`: low enough for a machine that is busy otherwise; before the work it was 0.07 to 0.1
REQUESTS_PER_USER = 4
# In parts of a first page of a new reader: who has seen much, and who has blocked or hidden nearly everything.
MUST_SEEN, MUST_WITHHELD, GUARD_READER = 2.0, 3.0, 4.0
READERS, READERS_POSTS = 500, 1_700  # few enough posts that a reader can have seen all that is remembered
QUICK_USERS, QUICK_POSTS, QUICK_AUTHORS, QUICK_ROUNDS = 300, 2_000, 200, 3
PACKAGES = ("fastapi", "uvicorn", "redis", "hiredis")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.against and (given.rounds or ROUNDS) < ROUNDS:
        parser.error(f"--rounds: got {given.rounds}, expected {ROUNDS} or more with --against: fewer give no interval")
    size = WorldSize(seed=given.seed)
    if given.quick:
        size = replace(size, users=QUICK_USERS, posts=QUICK_POSTS, authors=QUICK_AUTHORS)
    with (
        figures.refusals("serve"),
        tempfile.TemporaryDirectory(prefix="warmline-serve-") as home,
        embedded_servers(Path(home) / "servers", durable=False) as stores,
    ):
        if given.against:
            effort = _effort(size, given, rounds=given.rounds or ROUNDS)
            return figures.report(compare(given.against, Path(home), stores, size, effort), given.json)
        if given.workers:
            effort = _effort(size, given, rounds=given.rounds or ROUNDS)
            return figures.report(compare_workers(given.workers, Path(home), stores, size, effort), given.json)
        _build(size, database_url=stores.database_url, redis_url=stores.redis_url)
        result = _starts(Path(home), stores, given) if given.start else _pages(Path(home), stores, size, given)
        return figures.report(result, given.json)


def _build(size: WorldSize, *, database_url: str, redis_url: str) -> None:
    database = Database(StoreSettings.model_validate({"database_url": database_url, "redis_url": redis_url}))
    migrate(database)
    database.close()
    build(size, database_url=database_url, redis_url=redis_url)


def _effort(size: WorldSize, given: argparse.Namespace, *, rounds: int) -> Effort:
    return Effort(
        rounds=rounds, requests=size.users * REQUESTS_PER_USER, connections=given.connections, seed=given.seed
    )


def _pages(home: Path, stores: Servers, size: WorldSize, given: argparse.Namespace) -> Result:
    effort = _effort(size, given, rounds=given.rounds or (QUICK_ROUNDS if given.quick else 5))
    with (
        servers.empty(home) as empty,
        servers.timeline(home, database_url=stores.database_url, redis_url=stores.redis_url) as timeline,
    ):
        client = redis.Redis.from_url(stores.redis_url)
        found = measure(empty, timeline, Seen(client), size.user_ids, effort)
        client.close()
        readers = _readers(home, stores, size, effort)
        peaks = [Row(system=name, metric="peak RSS", value=each.peak_bytes() / MIB, unit="MiB")
                 for name, each in (("empty route", empty), ("timeline", timeline))]  # fmt: skip
    return Result(
        title=f"pages of {LIMIT} for {size.users:,} users, {effort.rounds} rounds of {effort.requests:,} requests",
        ratio="to the empty route",
        rows=[*(row for each in found for row in _rows(each, found[0])), *_rows_of_readers(readers), *peaks],
        bounds=[]
        if given.free
        else [*_bounds(found, is_quick=given.quick), *_bounds_of_readers(readers, is_quick=given.quick)],
        notes=_notes(given.seed, f"{effort.connections}") | _unexpected_notes([*found, *readers]),
    )


def _rows(one: Measured, empty: Measured) -> list[Row]:
    def row(metric: str, value: float, unit: str, ratio: float | None = None) -> Row:
        return Row(system=one.system, metric=metric, value=value, unit=unit, ratio=ratio)

    is_empty = one is empty
    return [
        row("requests", one.rate, "1/s", None if is_empty else _ratio(one, empty)),
        row("processor", 1e6 * median(one.processor), "µs/request",
            None if is_empty else median(empty.processor) / median(one.processor)),
        row("p50", 1e3 * one.quantile(0.5), "ms"),
        row("p99", 1e3 * one.quantile(0.99), "ms"),
        row("p50 at half load", 1e3 * one.quantile(0.5, is_half=True), "ms"),
        row("p99 at half load", 1e3 * one.quantile(0.99, is_half=True), "ms"),
        row("p99 in parts of p99 at half load", one.strain, ""),
    ]  # fmt: skip


def _ratio(one: Measured, empty: Measured) -> float:
    return paired_ratio([each.rate for each in one.full], [each.rate for each in empty.full])


def _bounds(found: Sequence[Measured], *, is_quick: bool) -> list[Bound]:
    empty, *pages = found
    least = GUARD_RATE if is_quick else MUST_RATE
    rates = [figures.at_least(f"{one.system}, of the empty route's requests", _ratio(one, empty), least)
             for one in pages]  # fmt: skip
    if is_quick:
        return rates
    return rates + [
        figures.at_most(f"{one.system}, p99 in parts of p99 at half load", one.strain, MUST_STRAIN) for one in pages
    ]


def _readers(home: Path, stores: Servers, size: WorldSize, effort: Effort) -> list[Measured]:
    """First pages of readers who have seen, blocked or hidden little or much, of a small world of their own."""
    size = replace(size, users=min(size.users, READERS), posts=READERS_POSTS, authors=QUICK_AUTHORS)
    redis_url = urlsplit(stores.redis_url)._replace(path="/1").geturl()
    folder = home / "readers"
    folder.mkdir()
    with empty_database(stores.database_url) as database_url:
        _build(size, database_url=database_url, redis_url=redis_url)
        client = redis.Redis.from_url(redis_url)
        readers = Readers(client=client, users=size.user_ids, authors=authors_of_posts(database_url))
        with servers.timeline(folder, database_url=database_url, redis_url=redis_url) as timeline:
            found = measure_readers(
                timeline, readers, KINDS, rounds=effort.rounds, requests=size.users * REQUESTS_PER_USER,
                connections=effort.connections,
            )  # fmt: skip
        client.close()
    return found


def _rows_of_readers(readers: Sequence[Measured]) -> Iterator[Row]:
    fresh = readers[0]
    for one in readers:
        system, times = f"first page, {one.system}", median(cost(one, fresh))
        yield Row(system=system, metric="requests", value=one.rate, unit="1/s")
        yield Row(system=system, metric="processor", value=1e6 * median(one.processor), unit="µs/request")
        yield Row(system=system, metric="p99", value=1e3 * one.quantile(0.99), unit="ms")
        yield Row(system=system, metric="cost in parts of a fresh reader's", value=times, unit="")


def _bounds_of_readers(readers: Sequence[Measured], *, is_quick: bool) -> list[Bound]:
    bounds = list[Bound]()
    for one in readers[1:]:
        most = MUST_SEEN if one.system in SEEN else MUST_WITHHELD
        what = f"first page, {one.system}, cost in parts of a fresh reader's"
        bounds.append(figures.at_most(what, median(cost(one, readers[0])), GUARD_READER if is_quick else most))
    return bounds


def _unexpected_notes(found: Sequence[Measured]) -> dict[str, str]:
    """Answers that were not a whole page of the best source, which a machine that is busy otherwise brings about."""
    unexpected = {one.system: one for one in found if one.unexpected}
    asked = sum(len(timing.seconds) for one in found for timing in (*one.full, *one.half))
    notes = {"odd answers": f"{sum(one.unexpected for one in unexpected.values())} of {asked:,}"}
    return notes | {f"first of {name}": one.first_unexpected for name, one in unexpected.items()}


def _starts(home: Path, stores: Servers, given: argparse.Namespace) -> Result:
    count = given.rounds or (3 if given.quick else 9)
    found = measure_starts(home, database_url=stores.database_url, redis_url=stores.redis_url, count=count)
    bounds = [] if given.quick else [figures.at_most("s to the first answer", Start.median(found).answer, MUST_START)]
    return Result(
        title=f"a timeline's start, median of {count}", ratio="to the empty app",
        rows=_start_rows(found), bounds=bounds, notes=_notes(given.seed, "1"),
    )  # fmt: skip


def _start_rows(found: Sequence[Start]) -> list[Row]:
    middle = Start.median(found)
    figures_of = {
        "an empty FastAPI app, to the first answer": middle.empty, "timeline, to the first answer": middle.answer,
        "timeline, to the first page": middle.page, "timeline, computing up to there": middle.computing,
    }  # fmt: skip
    return [
        Row(system=name, metric="start", value=seconds, unit="s", ratio=seconds / middle.empty)
        for name, seconds in figures_of.items()
    ]


def _notes(seed: int, connections: str) -> dict[str, str]:
    return {"seed": str(seed), "connections": connections} | {name: version(name) for name in PACKAGES}


def _parser() -> argparse.ArgumentParser:
    parser = figures.parser("serve", __doc__)
    parser.add_argument(
        "--rounds", type=figures.count, help="rounds, or starts (5, --start and --against 9; --quick 3)"
    )
    parser.add_argument("--connections", type=figures.count, default=16, help="requests under way at once (16)")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--start", action="store_true", help="measure starts instead of pages")
    instead.add_argument("--against", metavar="REV", help="measure another commit's pages and this one's, by turns")
    instead.add_argument("--workers", type=figures.count, help="measure so many processes beside one, by turns")
    parser.add_argument("--free", action="store_true", help="hold no bound: for a look at other numbers of connections")
    return parser


if __name__ == "__main__":
    sys.exit(main())
