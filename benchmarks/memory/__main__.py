"""`python -m benchmarks.memory`: bytes in Redis after one publication, and after many with chains; a table and JSON."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Bound, Result, Row, at_most, count, parser, refusals, report
from benchmarks.memory.fill import Size, publish, scroll
from benchmarks.memory.measure import CATALOGUE, KINDS, LISTS, Held, measure
from demo.embedded import embedded_servers
from shared.jobs.progress_bars import bars
from shared.ranked_lists.job_store import JobStore
from shared.settings import ListSettings

QUICK = Size(users=500, publications=3, chains=500)
LIST_BYTES = 2560  # of a list of 200 posts with UUID ids, key and overhead counted; the aim is 1536


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code: 1 when a list is larger than it must be."""
    given = _parser().parse_args(arguments)
    size = QUICK if given.quick else Size(users=given.users, publications=given.publications, chains=given.chains)
    with (
        refusals("memory"),
        tempfile.TemporaryDirectory(prefix="warmline-memory-") as home,
        embedded_servers(Path(home), durable=False, postgres=False) as servers,
    ):
        before, after = fill_and_measure(servers.redis_url, size, seed=given.seed)
        title = f"{size.users:,} users, {size.publications} publications, {size.chains:,} chains"
        result = Result(
            title=title, ratio="after all ÷ after one", rows=rows_of(before, after, size), bounds=bounds_of(after),
            notes={"seed": str(given.seed)},
        )  # fmt: skip
        return report(result, given.json)


def fill_and_measure(url: str, size: Size, *, seed: int = 1) -> tuple[Held, Held]:
    """What an empty Redis holds after the first publication, and after all of them with the chains between."""
    lists = ListSettings()
    writer = JobStore(url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    try:
        publish(writer, lists, size, 1)
        before = measure(url)
        with bars() as report_progress:
            for run in range(2, size.publications + 1):
                publish(writer, lists, size, run)
                asyncio.run(scroll(url, lists, size, chains=_share(size, run), seed=seed + run))
                report_progress("publications", run, size.publications)
        return before, measure(url)
    finally:
        writer.close()


def bounds_of(held: Held) -> list[Bound]:
    """What a list may weigh."""
    return [at_most(f"bytes of a {kind}", held.per_key(kind), LIST_BYTES) for kind in LISTS]


def rows_of(before: Held, after: Held, size: Size) -> list[Row]:
    """How many keys of each kind and how large, then the sums; a ratio is after ÷ before."""
    kinds = [kind for kind in dict.fromkeys(KINDS.values()) if after.count[kind]]
    rows = [
        row
        for kind in kinds
        for row in (
            _row(kind, "keys", before.count[kind], after.count[kind], "keys"),
            _row(kind, "bytes per key", before.per_key(kind), after.per_key(kind)),
        )
    ]
    per_post_before, per_post = (each.size[CATALOGUE] / each.posts for each in (before, after))
    return [
        *rows,
        _row(CATALOGUE, "bytes per post", per_post_before, per_post),
        _row("all keys", "bytes per user", before.total / size.users, after.total / size.users),
        _row("all keys", "bytes", before.total, after.total),
        _row("all keys", "bytes used by Redis", before.used, after.used),
    ]


def _row(system: str, metric: str, before: float, after: float, unit: str = "bytes") -> Row:
    ratio = round(after / before, 3) if before else None  # what was not there before has none
    return Row(system=system, metric=metric, value=round(after, 1), unit=unit, ratio=ratio)


def _share(size: Size, run: int) -> int:
    """Chains after this publication: all of them spread over the publications after the first."""
    steps = size.publications - 1
    return size.chains * (run - 1) // steps - size.chains * (run - 2) // steps


def _parser() -> argparse.ArgumentParser:
    made = parser("memory", __doc__)
    made.add_argument("--users", type=count, default=10_000, help="users with a list of both phases (10,000)")
    made.add_argument("--publications", type=_several, default=50, help="publications, 2 or more (50)")
    made.add_argument("--chains", type=count, default=10_000, help="chains by users by lot (10,000)")
    return made


def _several(text: str) -> int:
    if count(text) < 2:
        raise argparse.ArgumentTypeError(f"got {text}, expected 2 or more")
    return count(text)


if __name__ == "__main__":
    sys.exit(main())
