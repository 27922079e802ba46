"""`python -m benchmarks.new_posts`: of 1,000 posts added to a busy world, how many stand in enough first fifties.

Real servers, one heuristic run after the posts were added, every user's first page over HTTP, in both phases. The
second phase's lists are the scorer's, by a model that was not trained. Exits with 1 when fewer than 95 % do.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import redis

from benchmarks.errors import BenchmarkRefused
from benchmarks.figures import Bound, Result, Row, at_least, count, parser, refusals, report
from benchmarks.new_posts.ask import FIRST, FirstPages, timeline
from benchmarks.new_posts.jobs import make_champion, run_heuristic, run_scoring
from benchmarks.new_posts.world import Size, add_new_posts, build, users_of
from demo.embedded import embedded_servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.domain import Phase
from shared.jobs.progress_bars import bars
from shared.ranked_lists.job_store import JobStore
from shared.settings import ListSettings, NewPostSettings, StoreSettings

LEAST_SHARE = 0.95
COUNTS = {"users": "users", "posts": "posts of two weeks", "events": "likes and views", "new": "new posts"}
QUICK = Size(users=1_000, posts=2_000, events=40_000, new=100)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    size = replace(
        QUICK if given.quick else Size(),
        **{name: asked for name in COUNTS if (asked := getattr(given, name)) is not None},
        seed=given.seed,
    )
    settings = NewPostSettings()
    with (
        refusals("new_posts"),
        tempfile.TemporaryDirectory(prefix="warmline-new-posts-") as home,
        embedded_servers(Path(home) / "servers", durable=False) as servers,
    ):
        found = show(servers.database_url, servers.redis_url, Path(home), size, settings)
        result = Result(
            title=f"{size.new:,} new posts among {size.posts:,}, {size.users:,} users, one run; "
            f"first {FIRST} posts of each",
            rows=[row for pages in found for row in rows_of(pages, size, settings)],
            bounds=[bound_of(pages, size, settings) for pages in found],
            notes={"seed": f"{size.seed}"},
        )
        return report(result, given.json)


def show(database_url: str, redis_url: str, folder: Path, size: Size, settings: NewPostSettings) -> list[FirstPages]:
    """Fill an empty database, add new posts, run the heuristic once, and ask for everybody's first page twice."""
    database = Database(StoreSettings.model_validate({"database_url": database_url, "redis_url": redis_url}))
    lists = ListSettings()
    writer = JobStore(redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    found = []
    try:
        migrate(database)
        build(database, size)
        make_champion(database, folder)
        run_heuristic(database, writer, settings)
        run_scoring(database, writer, folder)
        add_new_posts(database, size)
        run_heuristic(database, writer, settings)
        with timeline(database_url, redis_url, folder) as served, bars() as report_progress:
            for phase in Phase:
                served.switch(phase)
                _forget_what_was_served(redis_url)
                found.append(served.first_pages(users_of(size), phase, report_progress))
    finally:
        writer.close()
        database.close()
    for pages in found:
        if pages.sources[pages.phase.value] < 0.9 * size.users:
            raise BenchmarkRefused(f"{pages.phase}: got pages from {dict(pages.sources)}, expected its own lists")
    return found


def share_reached(pages: FirstPages, size: Size, settings: NewPostSettings) -> float:
    """Of the new posts, the share that enough people met."""
    return sum(count >= settings.new_post_viewers for count in pages.lists.values()) / size.new


def rows_of(pages: FirstPages, size: Size, settings: NewPostSettings) -> list[Row]:
    """The figures of one phase."""
    counts = np.array([*pages.lists.values(), *[0] * (size.new - len(pages.lists))])
    figures: list[tuple[str, float, str]] = [
        (f"in {settings.new_post_viewers} lists or more", share_reached(pages, size, settings), "share"),
        ("lists, median", float(np.median(counts)), "lists"),
        ("lists, least", float(counts.min()), "lists"),
        *((f"pages from {source}", float(pages), "pages") for source, pages in pages.sources.most_common()),
        ("pages degraded", float(pages.degraded), "pages"),
    ]
    return [Row(system=pages.phase.value, metric=metric, value=value, unit=unit) for metric, value, unit in figures]


def bound_of(pages: FirstPages, size: Size, settings: NewPostSettings) -> Bound:
    """How many of the new posts must be met."""
    return at_least(f"{pages.phase}: share of new posts met", share_reached(pages, size, settings), LEAST_SHARE)


def _forget_what_was_served(redis_url: str) -> None:
    """Each phase meets people who have seen nothing of the other's pages."""
    with redis.Redis.from_url(redis_url) as client:
        for name in client.scan_iter("wl:seen:*", count=1000):
            client.unlink(name)


def _parser() -> argparse.ArgumentParser:
    made = parser("new_posts", __doc__)
    for name, what in COUNTS.items():
        whole, quick = getattr(Size(), name), getattr(QUICK, name)
        made.add_argument(f"--{name}", type=count, help=f"{what} ({whole:,}; {quick:,} with --quick)")
    return made


if __name__ == "__main__":
    sys.exit(main())
