"""`python -m benchmarks.growth`: a world, one with ten times the users, and one whose users do ten times as much.

Publishing and scoring are bounded as users grow, each with as many interactions as before; loading and training as the
interactions of the same users do. The worlds have the same posts, and take turns.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.databases import migrated_database
from benchmarks.figures import Bound, Result, Row, at_most, count, parser, refusals, report
from benchmarks.growth.paths import JOB, LOAD, PUBLISH, SCORE, TRAIN, GrowthSetup, paths_on
from benchmarks.turns import in_turn, paired_ratio
from benchmarks.world.fill import fill_own_tables
from benchmarks.world.shape import Size, make_world
from demo.embedded import Servers, embedded_servers

N_USERS, N_POSTS, QUICK_USERS, QUICK_POSTS = 4_000, 5_000, 500, 1_000
EVENTS_PER_USER, BLOCKS_PER_USER, DAYS = 40, 0.5, 13.9
TIMES = 10
MOST = 11.0  # times the time
SMALL, USERS, INTERACTIONS = "small", f"{TIMES} × users", f"{TIMES} × interactions"
GROWS_WITH = {PUBLISH: USERS, JOB: USERS, SCORE: USERS, LOAD: INTERACTIONS, TRAIN: INTERACTIONS}

Seconds = Mapping[str, Sequence[float]]  # by path
FIRST_REDIS = 2  # Redis database of the first world


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    users, posts = (QUICK_USERS, QUICK_POSTS) if given.quick else (given.users, given.posts)
    small = _size(users, posts)
    sizes = {
        SMALL: small,
        USERS: _size(TIMES * users, posts),
        INTERACTIONS: replace(small, interactions=TIMES * small.interactions),
    }
    with (
        refusals("growth"),
        tempfile.TemporaryDirectory(prefix="warmline-growth-") as home,
        embedded_servers(Path(home), durable=False) as servers,
    ):
        found = measure(servers, sizes, seed=given.seed, rounds=given.rounds)
        notes = {"seed": str(given.seed), "rounds": str(given.rounds)}
        title = (
            f"{small}, {TIMES} times the users (who do as much each), {TIMES} times the interactions of the same users"
        )
        result = Result(
            title=title, ratio="to the small world", rows=rows_of(found), bounds=bounds_of(found), notes=notes
        )
        return report(result, given.json)


def measure(servers: Servers, sizes: Mapping[str, Size], *, seed: int, rounds: int) -> dict[str, Seconds]:
    """Seconds of each path on each world, after one call that warms up."""
    now = datetime.now(UTC)
    with ExitStack() as stack:
        worlds = {}
        for number, (name, size) in enumerate(sizes.items()):  # each a database of Redis of its own
            url = stack.enter_context(migrated_database(servers.database_url))
            fill_own_tables(url, make_world(size, seed=seed, now=now))
            redis_url = urlsplit(servers.redis_url)._replace(path=f"/{FIRST_REDIS + number}").geturl()
            setup = GrowthSetup(database_url=url, redis_url=redis_url, now=now, n_users=size.users, n_posts=size.posts)
            worlds[name] = paths_on(setup)
        seconds: dict[str, dict[str, list[float]]] = {name: {path: [] for path in worlds[name]} for name in worlds}
        for each, which in in_turn(list(worlds), rounds=1 + rounds):
            for path, run in worlds[which].items():
                spent = run()
                if each > 0:
                    seconds[which][path].append(spent)
    return dict(seconds)


def rows_of(found: Mapping[str, Seconds]) -> list[Row]:
    """Medians; the ratio is that of the times."""
    return [
        Row(
            system=f"{path}, {world}", metric="time", value=statistics.median(found[world][path]), unit="s",
            ratio=None if world == SMALL else paired_ratio(found[world][path], found[SMALL][path]),
        )
        for path in found[SMALL]
        for world in found
    ]  # fmt: skip


def bounds_of(found: Mapping[str, Seconds]) -> list[Bound]:
    """Each path's growth, with what it is asked to grow with."""
    return [
        at_most(f"{path}, time with {world}", paired_ratio(found[world][path], found[SMALL][path]), MOST)
        for path, world in GROWS_WITH.items()
    ]


def _size(users: int, posts: int) -> Size:
    return Size(
        users=users, posts=posts, interactions=EVENTS_PER_USER * users, blocks=int(BLOCKS_PER_USER * users), days=DAYS
    )


def _parser() -> argparse.ArgumentParser:
    made = parser("growth", __doc__)
    made.add_argument("--users", type=count, default=N_USERS, help="users of the smaller world (4,000)")
    made.add_argument("--posts", type=count, default=N_POSTS, help="posts of each (5,000)")
    made.add_argument("--rounds", type=count, default=3, help="calls of each (3)")
    return made


if __name__ == "__main__":
    sys.exit(main())
