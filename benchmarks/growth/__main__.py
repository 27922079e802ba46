"""`python -m benchmarks.growth`: two worlds, the second with ten times the users and interactions on as many posts.

Publishing and scoring grow with users, loading and training with interactions. Both worlds take turns.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.databases import migrated_database
from benchmarks.figures import Bound, Result, Row, at_most, count, parser, refusals, report
from benchmarks.growth.paths import Ground, paths_on
from benchmarks.turns import in_turn, paired_ratio
from benchmarks.world.fill import fill_own_tables
from benchmarks.world.shape import Size, make_world
from demo.embedded import Servers, embedded_servers

USERS, POSTS, QUICK_USERS, QUICK_POSTS = 4_000, 5_000, 500, 1_000
EVENTS_PER_USER, BLOCKS_PER_USER, DAYS = 40, 0.5, 13.9
TIMES = 10
MOST = 11.0  # times the time

Seconds = Mapping[str, Sequence[float]]  # by path


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    users, posts = (QUICK_USERS, QUICK_POSTS) if given.quick else (given.users, given.posts)
    sizes = [_size(users, posts), _size(TIMES * users, posts)]
    with (
        refusals("growth"),
        tempfile.TemporaryDirectory(prefix="warmline-growth-") as home,
        embedded_servers(Path(home), durable=False) as servers,
    ):
        small, large = measure(servers, sizes, seed=given.seed, rounds=given.rounds)
        notes = {"seed": str(given.seed), "rounds": str(given.rounds)}
        title = f"{sizes[0]}, and {TIMES} times the users and interactions"
        result = Result(
            title=title, ratio="large ÷ small", rows=rows_of(small, large), bounds=bounds_of(small, large), notes=notes
        )
        return report(result, given.json)


def measure(servers: Servers, sizes: Sequence[Size], *, seed: int, rounds: int) -> list[Seconds]:
    """Seconds of each path on each world, after one call that warms up."""
    now = datetime.now(UTC)
    with ExitStack() as stack:
        worlds = []
        for size in sizes:
            url = stack.enter_context(migrated_database(servers.database_url))
            fill_own_tables(url, make_world(size, seed=seed, now=now))
            ground = Ground(
                database_url=url, redis_url=servers.redis_url, now=now, n_users=size.users, n_posts=size.posts
            )
            worlds.append(paths_on(ground))
        seconds: list[dict[str, list[float]]] = [{path: [] for path in paths} for paths in worlds]
        for each, which in in_turn(range(len(worlds)), rounds=1 + rounds):
            for path, run in worlds[which].items():
                spent = run()
                if each > 0:
                    seconds[which][path].append(spent)
    return list(seconds)


def rows_of(small: Seconds, large: Seconds) -> list[Row]:
    """Medians; the ratio is that of the times."""
    rows = []
    for path, seconds in small.items():
        ratio = paired_ratio(large[path], seconds)
        rows += [
            Row(system=f"{path}, small", metric="time", value=statistics.median(seconds), unit="s"),
            Row(system=f"{path}, large", metric="time", value=statistics.median(large[path]), unit="s", ratio=ratio),
        ]
    return rows


def bounds_of(small: Seconds, large: Seconds) -> list[Bound]:
    """Each path's growth."""
    return [
        at_most(f"{path}, time with {TIMES} times as much", paired_ratio(large[path], seconds), MOST)
        for path, seconds in small.items()
    ]


def _size(users: int, posts: int) -> Size:
    return Size(
        users=users, posts=posts, interactions=EVENTS_PER_USER * users, blocks=int(BLOCKS_PER_USER * users), days=DAYS
    )


def _parser() -> argparse.ArgumentParser:
    made = parser("growth", __doc__)
    made.add_argument("--users", type=count, default=USERS, help="users of the smaller world (4,000)")
    made.add_argument("--posts", type=count, default=POSTS, help="posts of both (5,000)")
    made.add_argument("--rounds", type=count, default=3, help="calls of each (3)")
    return made


if __name__ == "__main__":
    sys.exit(main())
