"""`python -m benchmarks.capacity`: predicts a world of the demo's size and one of ten times that, and builds both.

The small world's installation predicts the large one, before that exists; then the large one is filled and run. Train
and score are left out: they are predicted after their own last runs, of which there are none here.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.databases import migrated_database, open_database
from benchmarks.figures import Bound, Result, Row, at_most, count, parser, refusals, report
from benchmarks.jobs import heuristic_run
from benchmarks.world.fill import fill_own_tables
from benchmarks.world.shape import Size, make_world
from benchmarks.world.vectors import Encoding, fill_vectors
from demo.embedded import Servers, embedded_servers
from shared.db.sizes import held
from shared.db.vectors import Part
from shared.ranked_lists.weigh import used
from shared.settings import ListSettings
from warmline.capacity import predict
from warmline.capacity_model import HEURISTIC
from warmline.stores import Stores

DEMO = Size(users=1_248, posts=1_682, interactions=155_375, blocks=144, days=13.9)
QUICK = Size(users=400, posts=600, interactions=8_000, blocks=40, days=13.9)
TIMES = 10
MOST_OFF = 0.25
ENCODINGS = (
    Encoding(part=Part.IMAGE, encoder="made up", width=1280),
    Encoding(part=Part.CAPTION, encoder="made up", width=384),
)
REDIS, POSTGRES, SECONDS = "Redis", "PostgreSQL", "heuristic job"
UNITS = {REDIS: "bytes", POSTGRES: "bytes", SECONDS: "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """By what: what was predicted, and what was found."""

    predicted: Mapping[str, float]
    found: Mapping[str, float]

    def ratio(self, what: str) -> float:
        """Predicted in parts of found."""
        return self.predicted[what] / self.found[what]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    size = QUICK if given.quick else DEMO
    with (
        refusals("capacity"),
        tempfile.TemporaryDirectory(prefix="warmline-capacity-") as home,
        embedded_servers(Path(home), durable=False) as servers,
    ):
        small, large = measure(servers, size, seed=given.seed, rounds=given.rounds)
        notes = {"seed": str(given.seed), "rounds": str(given.rounds)}
        result = Result(
            title=f"{size}, and {TIMES} times that",
            ratio="predicted ÷ found",
            rows=rows_of(small, large),
            bounds=bounds_of(small, large),
            notes=notes,
        )
        return report(result, given.json)


def measure(servers: Servers, size: Size, *, seed: int, rounds: int) -> tuple[Figures, Figures]:
    """The small world by its own calibration, and the large one as the small one's installation predicts it."""
    large = Size(
        users=TIMES * size.users, posts=TIMES * size.posts, interactions=TIMES * size.interactions,
        blocks=TIMES * size.blocks, days=size.days,
    )  # fmt: skip
    with migrated_database(servers.database_url) as url:
        found = _built(servers, url, size, seed, rounds)
        database = open_database(url, redis_url=servers.redis_url)
        stores = Stores(database=database, redis_url=servers.redis_url)
        sizes = {"users": large.users, "posts": large.posts, "interactions": large.interactions}
        capacity = predict(stores, ListSettings(), **sizes)
        database.close()
    names = {"Redis": REDIS, "PostgreSQL": POSTGRES, HEURISTIC: SECONDS}
    here = {names[check.what]: check.predicted for check in capacity.checks}
    there = {
        REDIS: float(sum(capacity.redis.values())),
        POSTGRES: float(sum(capacity.postgres.values())),
        SECONDS: capacity.seconds[HEURISTIC],
    }
    with migrated_database(servers.database_url) as url:
        return Figures(predicted=here, found=found), Figures(
            predicted=there, found=_built(servers, url, large, seed, rounds)
        )


def rows_of(small: Figures, large: Figures) -> list[Row]:
    """Predicted and found; a ratio is predicted ÷ found."""
    rows = []
    for name, figures in (("the demo's size", small), (f"{TIMES} times that", large)):
        for what, unit in UNITS.items():
            rows += [
                Row(system=f"{what}, {name}", metric="found", value=figures.found[what], unit=unit),
                Row(
                    system=f"{what}, {name}", metric="predicted", value=figures.predicted[what], unit=unit,
                    ratio=figures.ratio(what),
                ),
            ]  # fmt: skip
    return rows


def bounds_of(*worlds: Figures) -> list[Bound]:
    """How far off each prediction may be, either way."""
    return [at_most(f"{what}, off by", abs(figures.ratio(what) - 1), MOST_OFF) for figures in worlds for what in UNITS]


def _built(servers: Servers, url: str, size: Size, seed: int, rounds: int) -> dict[str, float]:
    """Fill, encode and run; gives what it came to."""
    now = datetime.now(UTC)
    world = make_world(size, seed=seed, now=now)
    fill_own_tables(url, world)
    fill_vectors(url, world, ENCODINGS)
    database = open_database(url, redis_url=servers.redis_url)
    try:
        seconds = [heuristic_run(database, servers.redis_url, now)["seconds"] for _ in range(rounds)]
        redis_now = used(servers.redis_url)
        return {
            REDIS: float(redis_now.by_keys),
            POSTGRES: float(held(database).bytes),
            SECONDS: statistics.median(seconds),
        }
    finally:
        database.close()


def _parser() -> argparse.ArgumentParser:
    made = parser("capacity", __doc__)
    made.add_argument("--rounds", type=count, default=3, help="runs on each world (3)")
    return made


if __name__ == "__main__":
    sys.exit(main())
