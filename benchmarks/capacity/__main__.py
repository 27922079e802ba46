"""`python -m benchmarks.capacity`: an installation of the demo's size predicts larger worlds, which are then built.

One is ten times as large, one has ten times the posts, one ten times the users: how the model's terms compare was
measured on others (`docs/performance.md`). `--epochs N` adds a short training and a scoring run on each.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.capacity.model_jobs import Ground, scored, trained
from benchmarks.databases import migrated_database, open_database
from benchmarks.figures import Bound, Result, Row, at_most, count, parser, refusals, report
from benchmarks.jobs import Report, heuristic_run
from benchmarks.world.fill import fill_own_tables
from benchmarks.world.shape import Size, make_world
from benchmarks.world.vectors import Encoding, fill_vectors
from demo.embedded import Servers, embedded_servers
from shared.content.settings import ContentSettings
from shared.db.sizes import held
from shared.db.vectors import Part
from shared.encoding import build_encoders
from shared.neucf.compile_ahead import compile_ahead
from shared.neucf.config import NeuCFConfig
from shared.ranked_lists.weigh import used
from shared.settings import ListSettings
from warmline.capacity import CALIBRATED, EPOCH, WEIGHED, Capacity, predict
from warmline.capacity_model import HEURISTIC, SCORE, TRAIN
from warmline.stores import Stores

DEMO = Size(users=1_248, posts=1_682, interactions=155_375, blocks=144, days=13.9)
QUICK = Size(users=400, posts=600, interactions=8_000, blocks=40, days=13.9)
TIMES = 10
LARGER = {  # times the users, posts and interactions
    "ten times that": (TIMES, TIMES, TIMES),
    "five times the posts": (1, 5, 2),
    "five times the users": (5, 1, 2),
}
HERE = "the demo's size"
MOST_OFF = 0.25
REDIS, POSTGRES = "Redis", "PostgreSQL"
UNITS = {REDIS: "bytes", POSTGRES: "bytes", HEURISTIC: "s", TRAIN: "s", EPOCH: "s", SCORE: "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one world, by what: what was predicted, and what was found."""

    world: str
    predicted: Mapping[str, float]
    found: Mapping[str, float]
    busy: float  # seconds by the clock in parts of those that the processor spent on this process

    def ratio(self, what: str) -> float:
        """Predicted in parts of found."""
        return self.predicted[what] / self.found[what]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run on each world."""

    seed: int
    rounds: int
    epochs: int | None  # of a training; None: no training and no scoring
    models: Path


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    size = QUICK if given.quick else DEMO
    with (
        refusals("capacity"),
        tempfile.TemporaryDirectory(prefix="warmline-capacity-") as home,
        embedded_servers(Path(home), durable=False) as servers,
    ):
        plan = Plan(seed=given.seed, rounds=given.rounds, epochs=given.epochs, models=Path(home) / "models")
        compile_ahead(
            NeuCFConfig()
        )  # a service compiles at its first run; of one process, all worlds but one would not
        worlds = measure(servers, size, plan)
        busy = ", ".join(f"{figures.world} {figures.busy:.2f}" for figures in worlds)
        notes = {"seed": str(given.seed), "rounds": str(given.rounds), "epochs": str(given.epochs), "clock ÷ CPU": busy}
        result = Result(
            title=f"{size}, and what it predicts",
            ratio="predicted ÷ found",
            rows=rows_of(worlds),
            bounds=bounds_of(worlds),
            notes=notes,
        )
        return report(result, given.json)


def measure(servers: Servers, size: Size, plan: Plan) -> list[Figures]:
    """The small world by its own calibration, and the others as the small one's installation predicts them."""
    larger = {name: _times(size, *times) for name, times in LARGER.items()}
    with migrated_database(servers.database_url) as url:
        found, busy = _built(servers, url, size, plan)
        database = open_database(url, redis_url=servers.redis_url)
        stores = Stores(database=database, redis_url=servers.redis_url)
        capacities = {
            name: predict(stores, ListSettings(), users=other.users, posts=other.posts, interactions=other.interactions)
            for name, other in larger.items()
        }
        database.close()
    worlds = [Figures(world=HERE, predicted=_of_here(capacities), found=found, busy=busy)]
    for name, other in larger.items():
        with migrated_database(servers.database_url) as url:
            found, busy = _built(servers, url, other, plan)
            worlds.append(Figures(world=name, predicted=_of_there(capacities[name]), found=found, busy=busy))
    return worlds


def rows_of(worlds: Sequence[Figures]) -> list[Row]:
    """Predicted and found; a ratio is predicted ÷ found."""
    rows = []
    for figures in worlds:
        for what in figures.found:
            name, unit = f"{what}, {figures.world}", UNITS[what]
            predicted, found, ratio = figures.predicted[what], figures.found[what], figures.ratio(what)
            rows += [
                Row(system=name, metric="found", value=found, unit=unit),
                Row(system=name, metric="predicted", value=predicted, unit=unit, ratio=ratio),
            ]
    return rows


def bounds_of(worlds: Sequence[Figures]) -> list[Bound]:
    """How far off each prediction may be, either way."""
    return [
        at_most(f"{what}, {figures.world}, off by", abs(figures.ratio(what) - 1), MOST_OFF)
        for figures in worlds
        for what in figures.found
    ]


def _of_here(capacities: Mapping[str, Capacity]) -> dict[str, float]:
    """What the calibration alone says of the world that is there; the middle one of as many as there were."""
    said: dict[str, list[float]] = {}
    for capacity in capacities.values():
        for check in capacity.checks:
            if check.how in (CALIBRATED, WEIGHED):
                said.setdefault(check.what, []).append(check.predicted)
    return {what: statistics.median(values) for what, values in said.items()}


def _of_there(capacity: Capacity) -> dict[str, float]:
    return {
        REDIS: float(sum(capacity.redis.values())),
        POSTGRES: float(sum(capacity.postgres.values())),
        **capacity.seconds,
        EPOCH: capacity.seconds_per_epoch,
    }


def _built(servers: Servers, url: str, size: Size, plan: Plan) -> tuple[dict[str, float], float]:
    """Fill, encode and run; gives what it came to, and the clock's time in parts of the processor's."""
    now = datetime.now(UTC)
    world = make_world(size, seed=plan.seed, now=now)
    fill_own_tables(url, world)
    fill_vectors(url, world, _encodings())
    database = open_database(url, redis_url=servers.redis_url)
    begun, cpu = time.perf_counter(), time.process_time()
    try:
        runs = [heuristic_run(database, servers.redis_url, now) for _ in range(plan.rounds)]
        seconds = {HEURISTIC: statistics.median(run["seconds"] for run in runs)}
        if plan.epochs is not None:
            ground = Ground(database=database, redis_url=servers.redis_url, now=now, models=plan.models)
            training = trained(ground, epochs=plan.epochs)
            scorings = [scored(ground)["seconds"] for _ in range(plan.rounds)]
            seconds |= {TRAIN: training["seconds"], EPOCH: _epoch(training), SCORE: statistics.median(scorings)}
        busy = (time.perf_counter() - begun) / (time.process_time() - cpu)
        bytes_ = {REDIS: float(used(servers.redis_url).by_keys), POSTGRES: float(held(database).bytes)}
        return bytes_ | seconds, busy
    finally:
        database.close()


def _epoch(training: Report) -> float:
    return float(training["stages"]["epochs"] / training["work"]["epochs"])


def _encodings() -> list[Encoding]:
    """Those of the encoders in force, so that the jobs find nothing to encode."""
    encoders = build_encoders(ContentSettings())
    cards = ((Part.IMAGE, encoders.image.card), (Part.CAPTION, encoders.caption.card))
    return [Encoding(part=part, encoder=card.identity, width=card.width) for part, card in cards]


def _times(size: Size, users: int, posts: int, interactions: int) -> Size:
    return Size(
        users=users * size.users, posts=posts * size.posts, interactions=interactions * size.interactions,
        blocks=users * size.blocks, days=size.days,
    )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    made = parser("capacity", __doc__)
    made.add_argument("--rounds", type=count, default=3, help="runs on each world (3)")
    made.add_argument("--epochs", type=count, help="train at most so many epochs a model, and score (else neither)")
    return made


if __name__ == "__main__":
    sys.exit(main())
