"""`python -m benchmarks.new_posts`: of 1,000 posts added to a busy world, how many stand in enough first fifties.

Real servers, one heuristic run after the posts were added, every user's first page over HTTP, in both phases. The
second phase's lists are the scorer's, by a model that was not trained. Exits with 1 when fewer than 95 % do.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import redis
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.errors import BenchmarkRefused
from benchmarks.new_posts.ask import FIRST, Met, timeline
from benchmarks.new_posts.jobs import make_champion, run_heuristic, run_scoring
from benchmarks.new_posts.world import Size, add_new_posts, build, users_of
from benchmarks.provenance import provenance
from demo.embedded import embedded_servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.domain import Phase
from shared.errors import WarmlineError
from shared.progress import bars
from shared.ranked_lists.publish import ListWriter
from shared.settings import ListSettings, NewPostSettings, StoreSettings

LEAST_SHARE = 0.95
LOG_WIDTH = 120  # columns, where there is no terminal to ask
Row = dict[str, str | float]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    size = Size(users=given.users, posts=given.posts, events=given.events, new=given.new)
    settings = NewPostSettings()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="warmline-new-posts-") as home,
            embedded_servers(Path(home) / "servers", durable=False) as servers,
        ):
            found = show(servers.database_url, servers.redis_url, Path(home), size, settings)
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.new_posts: {error}"), soft_wrap=True)
        return error.exit_code
    rows = [row for met in found for row in rows_of(met, size, settings)]
    console.print(_table(found, size, settings))
    console.print(", ".join(f"{name} {value}" for name, value in provenance().items()), markup=False)
    if given.json is not None:
        given.json.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return int(any(share_reached(met, size, settings) < LEAST_SHARE for met in found))


def show(database_url: str, redis_url: str, folder: Path, size: Size, settings: NewPostSettings) -> list[Met]:
    """Fill an empty database, add new posts, run the heuristic once, and ask for everybody's first page twice."""
    database = Database(StoreSettings.model_validate({"database_url": database_url, "redis_url": redis_url}))
    lists = ListSettings()
    writer = ListWriter(redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    found = []
    try:
        migrate(database)
        build(database, size)
        make_champion(database, folder)
        run_heuristic(database, writer, settings)
        run_scoring(database, writer, folder)
        add_new_posts(database, size)
        run_heuristic(database, writer, settings)
        with timeline(database_url, redis_url, folder) as served, bars() as tell:
            for phase in Phase:
                served.switch(phase)
                _forget_what_was_served(redis_url)
                found.append(served.first_fifties(users_of(size), phase, tell))
    finally:
        writer.close()
        database.close()
    for met in found:
        if met.sources[met.phase.value] < 0.9 * size.users:
            raise BenchmarkRefused(f"{met.phase}: got pages from {dict(met.sources)}, expected its own lists")
    return found


def share_reached(met: Met, size: Size, settings: NewPostSettings) -> float:
    """Of the new posts, the share that enough people met."""
    return sum(count >= settings.new_post_viewers for count in met.lists.values()) / size.new


def rows_of(met: Met, size: Size, settings: NewPostSettings) -> list[Row]:
    """The figures of one phase."""
    counts = np.array([*met.lists.values(), *[0] * (size.new - len(met.lists))])
    figures: list[tuple[str, float, str]] = [
        ("reached", share_reached(met, size, settings), "share"),
        ("lists, median", float(np.median(counts)), "lists"),
        ("lists, least", float(counts.min()), "lists"),
        ("pages degraded", float(met.degraded), "pages"),
    ]
    return [
        {"system": met.phase.value, "metric": metric, "value": value, "unit": unit} for metric, value, unit in figures
    ]


def _forget_what_was_served(redis_url: str) -> None:
    """Each phase meets people who have seen nothing of the other's pages."""
    with redis.Redis.from_url(redis_url) as client:
        for name in client.scan_iter("wl:seen:*", count=1000):
            client.unlink(name)


def _table(found: list[Met], size: Size, settings: NewPostSettings) -> Table:
    title = f"{size.new:,} new posts among {size.posts:,}, {size.users:,} users, one run; first {FIRST} posts of each"
    table = Table(title=title)
    wanted = f"in {settings.new_post_viewers} lists or more"
    for name in ("phase", wanted, "lists, median", "least", "pages from", "degraded"):
        table.add_column(name, justify="left" if name in ("phase", "pages from") else "right")
    for met in found:
        share, median, least, degraded = (float(row["value"]) for row in rows_of(met, size, settings))
        sources = ", ".join(f"{source} {count:,}" for source, count in met.sources.most_common())
        table.add_row(met.phase.value, f"{share:.1%}", f"{median:.0f}", f"{least:.0f}", sources, f"{degraded:.0f}")
    return table


def _parser() -> argparse.ArgumentParser:
    size = Size()
    parser = argparse.ArgumentParser(prog="benchmarks.new_posts", description=__doc__)
    for name, what in (
        ("users", "users"),
        ("posts", "posts of two weeks"),
        ("events", "likes and views"),
        ("new", "new posts"),
    ):
        default = getattr(size, name)
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{what} ({default:,})")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write one row of JSON a line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
