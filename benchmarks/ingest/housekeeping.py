"""`python -m benchmarks.ingest --housekeeping`: what the removal of old events costs those who send new ones.

A timeline takes single events at half of what it can, by turns with and without a heuristic job's housekeeping in
another process, which always has old views to remove. `python -m benchmarks.ingest.housekeeping URL SECONDS` is it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.databases import migrated_database
from benchmarks.figures import Bound, Result, Row, at_least, at_most
from benchmarks.ingest.asking import Events, pairs
from benchmarks.ingest.filling import OLD_VIEWS, execute, fill
from benchmarks.provenance import ROOT
from benchmarks.serve import servers
from benchmarks.serve.client import Timing, ask, ask_at
from benchmarks.serve.servers import Served
from benchmarks.turns import in_turn, median_interval
from demo.embedded import embedded_servers
from s01_heuristic.housekeeping import keep_house
from shared.db.engine import Database
from shared.run_progress import ignore_progress
from shared.settings import RetentionSettings, StoreSettings

CONNECTIONS = 16
OLD_AT_ONCE = 100_000  # views that are there to be removed in a turn
SECONDS = 2.0  # of a turn
MOST = 2.0  # times the p99 without housekeeping
WITH, WITHOUT = "with housekeeping", "without"


@dataclass(slots=True, kw_only=True)
class Turns:
    """The turns of one kind."""

    name: str
    timings: list[Timing] = field(default_factory=list)
    removed: list[float] = field(default_factory=list)  # rows a second

    @property
    def p99(self) -> list[float]:
        return [each.quantile(0.99) for each in self.timings]


def measure(home: Path, *, rounds: int, seed: int) -> Result:
    """Take turns, and compare the slowest hundredth."""
    with (
        embedded_servers(home / "servers", durable=True) as stores,
        migrated_database(stores.database_url) as url,
    ):
        fill(url)
        with servers.timeline(home, database_url=url, redis_url=stores.redis_url, path="/healthz") as served:
            both, rate, unexpected = _turns(served, url, stores.redis_url, rounds=rounds, seed=seed)
    ratios = [busy / idle for busy, idle in zip(both[WITH].p99, both[WITHOUT].p99, strict=True)]
    return Result(
        title="single events at half load, while old ones are removed",
        rows=[*_rows(both, median(ratios))],
        ratio="ratio to the turns without",
        bounds=[*_bounds(both, ratios)],
        notes={"seed": f"{seed}", "events a second": f"{rate:,.0f}", "odd answers": f"{unexpected}"},
    )


def _turns(served: Served, url: str, redis_url: str, *, rounds: int, seed: int) -> tuple[dict[str, Turns], float, int]:
    source = pairs()
    warm_up = Events(left=2_000, size=1, source=source)
    rate = ask(served.port, warm_up, connections=CONNECTIONS).rate / 2
    both, unexpected = {name: Turns(name=name) for name in (WITH, WITHOUT)}, 0
    for number, name in in_turn(list(both), rounds=rounds):
        if name == WITH:
            execute(url, "VACUUM warmline.interactions")  # as autovacuum does between two runs
            execute(url, OLD_VIEWS.format(OLD_AT_ONCE))
        count = int(rate * SECONDS)
        asked = Events(left=count, size=1, source=source)
        with _housekeeping(url, redis_url, both[name] if name == WITH else None):
            timing = ask_at(
                served.port, asked, connections=CONNECTIONS, rate=rate, count=count, seed=seed + number
            )  # fmt: skip
        both[name].timings.append(timing)
        unexpected += asked.unexpected.count
    return both, rate, unexpected


@contextmanager
def _housekeeping(url: str, redis_url: str, turns: Turns | None) -> Iterator[None]:
    """Another process that removes old views during the block, if wanted."""
    if turns is None:
        yield
        return
    command = [sys.executable, "-m", "benchmarks.ingest.housekeeping", url, redis_url, f"{SECONDS}"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018
        process.stdout.readline()  # it has imported everything
        process.stdin.write("go\n")
        process.stdin.flush()
        yield
        found = json.loads(process.stdout.readline())
    turns.removed.append(found["removed"]["view"] / found["seconds"])


def _rows(both: dict[str, Turns], ratio: float) -> Iterator[Row]:
    for name, turns in both.items():
        p50 = median(each.quantile(0.5) for each in turns.timings)
        yield Row(system=name, metric="p50", value=1e3 * p50, unit="ms")
        its = ratio if name == WITH else None
        yield Row(system=name, metric="p99", value=1e3 * median(turns.p99), unit="ms", ratio=its)
    yield Row(system=WITH, metric="removed", value=median(both[WITH].removed), unit="1/s")


def _bounds(both: dict[str, Turns], ratios: list[float]) -> Iterator[Bound]:
    low, high = median_interval(ratios)
    yield at_most(f"p99 to that without (95 %: {low:.2f} to {high:.2f})", median(ratios), MOST)
    # A thousand people who look at 200 posts a day: 2.3 each second, in a job that works a thirtieth of the time.
    yield at_least("rows removed a second", median(both[WITH].removed), 70)


def main(arguments: list[str]) -> int:
    """Housekeeping for some seconds, once told to begin."""
    url, redis_url, seconds = arguments
    database = Database(StoreSettings.model_validate({"database_url": url, "redis_url": redis_url}))
    _say("ready")
    sys.stdin.readline()
    report = keep_house(
        database, RetentionSettings(keep_days={"view": 180}), datetime.now(UTC), ignore_progress,
        job="heuristic", budget=timedelta(seconds=float(seconds)),
    )  # fmt: skip
    _say(json.dumps(report))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
