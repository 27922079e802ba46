"""`python -m benchmarks.publish`: everybody's lists by the heuristic job, and the same bytes by a bare pipeline.

Blocks and seen posts differ from user to user, so every list does. Ours is the job's stage `heuristic.publish`: working
out each list, catalogue, blocks and seen posts, and writing them under the fencing number. Bare is redis-py's pipeline
with one SET a key, of values that are ready.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from benchmarks.databases import migrated_database, open_database
from benchmarks.figures import Bound, Result, Row, at_least, at_most, count, parser, refusals, report
from benchmarks.jobs import heuristic_run
from benchmarks.publish.bare import BarePipeline
from benchmarks.turns import in_turn, paired_ratio
from benchmarks.world.fill import fill_own_tables
from benchmarks.world.shape import Size, make_world
from demo.embedded import Servers, embedded_servers

USERS, POSTS, QUICK_USERS, QUICK_POSTS = 100_000, 20_000, 4_000, 4_000
EVENTS_PER_USER, BLOCKS_PER_USER = 20, 0.5
DAYS = 13.9  # all posts are candidates, all users active
LEAST_RATIO, MOST_SECONDS = 0.4, 15.0  # the aim is 0.7
GUARD_RATIO = 0.2  # what the regression guard is content with on a busy machine
MB = 1e6
BARE, PUBLISH, JOB = "bare pipeline", "heuristic.publish", "whole job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds of each round, and what was written."""

    bare: Sequence[float]
    publish: Sequence[float]
    job: Sequence[float]
    lists: int
    bytes: int


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    users, posts = (QUICK_USERS, QUICK_POSTS) if given.quick else (given.users, given.posts)
    size = Size(
        users=users,
        posts=posts,
        interactions=EVENTS_PER_USER * users,
        blocks=int(BLOCKS_PER_USER * users),
        days=DAYS,
    )
    with (
        refusals("publish"),
        tempfile.TemporaryDirectory(prefix="warmline-publish-") as home,
        embedded_servers(Path(home), durable=False) as servers,
    ):
        measured = measure(servers, size, seed=given.seed, rounds=given.rounds)
        notes = {"seed": str(given.seed), "rounds": str(given.rounds)}
        bounds = bounds_of(measured, quick=given.quick, share=users / USERS)
        title = f"publication of {measured.lists:,} lists, {size}, {size.blocks:,} blocks"
        return report(
            Result(title=title, ratio="to the bare pipeline", rows=rows_of(measured), bounds=bounds, notes=notes),
            given.json,
        )


def measure(servers: Servers, size: Size, *, seed: int, rounds: int) -> Measured:
    """One run to warm up; then each round a run of the job, and its bytes once more."""
    now = datetime.now(UTC)
    with migrated_database(servers.database_url) as url:
        fill_own_tables(url, make_world(size, seed=seed, now=now))
        database, pipeline = open_database(url, redis_url=servers.redis_url), BarePipeline(servers.redis_url)
        try:
            lists = int(heuristic_run(database, servers.redis_url, now)["lists"])
            written = pipeline.read()
            bare, publish, job = list[float](), list[float](), list[float]()
            for _, system in in_turn((JOB, BARE), rounds=rounds):
                begun = perf_counter()
                if system == JOB:
                    done = heuristic_run(database, servers.redis_url, now)
                    publish.append(float(done["stages"]["publish"]))
                else:
                    pipeline.write(written)
                (job if system == JOB else bare).append(perf_counter() - begun)
        finally:
            pipeline.close()
            database.close()
    return Measured(bare=bare, publish=publish, job=job, lists=lists, bytes=written.bytes)


def rows_of(measured: Measured) -> list[Row]:
    """Times and rates; the ratio is that of the rates, 1 being as quick as the bare pipeline."""
    ratio = paired_ratio(measured.bare, measured.publish)
    rates = {
        BARE: [measured.bytes / seconds / MB for seconds in measured.bare],
        PUBLISH: [measured.bytes / seconds / MB for seconds in measured.publish],
    }
    return [
        Row(system=BARE, metric="time", value=statistics.median(measured.bare), unit="s"),
        Row(system=BARE, metric="rate", value=statistics.median(rates[BARE]), unit="MB/s"),
        Row(system=PUBLISH, metric="time", value=statistics.median(measured.publish), unit="s"),
        Row(system=PUBLISH, metric="rate", value=statistics.median(rates[PUBLISH]), unit="MB/s", ratio=ratio),
        Row(system=JOB, metric="time", value=statistics.median(measured.job), unit="s"),
        Row(system=JOB, metric="lists", value=measured.lists, unit="lists"),
        Row(system=JOB, metric="keys and values", value=measured.bytes / MB, unit="MB"),
    ]


def bounds_of(measured: Measured, *, quick: bool, share: float) -> list[Bound]:
    """What must hold; as a regression guard only the ratio, and that generously."""
    ratio = paired_ratio(measured.bare, measured.publish)
    if quick:
        return [at_least("rate ÷ bare pipeline", ratio, GUARD_RATIO)]
    seconds = statistics.median(measured.job)
    return [
        at_least("rate ÷ bare pipeline", ratio, LEAST_RATIO),
        at_most("seconds of the whole job", seconds, MOST_SECONDS * max(1.0, share)),
    ]


def _parser() -> argparse.ArgumentParser:
    made = parser("publish", __doc__)
    made.add_argument("--users", type=count, default=USERS, help="users, each with a list (100,000)")
    made.add_argument("--posts", type=count, default=POSTS, help="candidates (20,000)")
    made.add_argument("--rounds", type=count, default=3, help="runs of each (3)")
    return made


if __name__ == "__main__":
    sys.exit(main())
