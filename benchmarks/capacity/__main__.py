"""`python -m benchmarks.capacity`: an installation of the demo's size predicts larger worlds, which are then built.

One is ten times as large, two have other shapes: how the model's terms compare was measured on other ones
(`docs/performance.md`). A training of an epoch a model and some scoring runs stand for the nights on each.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
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
HERE = "small world"
MOST_OFF = 0.25
REDIS, POSTGRES = "Redis", "PostgreSQL"
UNITS = {REDIS: "bytes", POSTGRES: "bytes", HEURISTIC: "s", TRAIN: "s", EPOCH: "s", SCORE: "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one world, by what: what was predicted, and what was found."""

    world: str
    predicted: Mapping[str, float]
    found: Mapping[str, float]
    busy: Mapping[str, float]  # of jobs: the clock's time in parts of the processor's for this process

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
        plan = Plan(
            seed=given.seed,
            rounds=given.rounds,
            epochs=None if given.heuristic_only else given.epochs,
            models=Path(home) / "models",
        )
        worlds = measure(servers, size, plan)
        notes = {"seed": str(given.seed), "rounds": str(given.rounds), "epochs": str(plan.epochs)}
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
    """Predicted and found; a ratio is predicted ÷ found.

    The clock's time over the processor's says how busy the machine was: a world whose jobs waited more than the small
    one's took longer than could be predicted. Its ratio is what predicted ÷ found would be had they waited alike.
    """
    rows, here = list[Row](), worlds[0]
    for figures in worlds:
        for what in figures.found:
            name, unit = f"{what}, {figures.world}", UNITS[what]
            predicted, found, ratio = figures.predicted[what], figures.found[what], figures.ratio(what)
            rows += [
                Row(system=name, metric="found", value=found, unit=unit),
                Row(system=name, metric="predicted", value=predicted, unit=unit, ratio=ratio),
            ]
            if what in figures.busy:
                alike = None if figures is here else ratio * figures.busy[what] / here.busy[what]
                rows.append(Row(system=name, metric="clock ÷ CPU", value=figures.busy[what], unit="", ratio=alike))
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


def _built(servers: Servers, url: str, size: Size, plan: Plan) -> tuple[dict[str, float], dict[str, float]]:
    """Fill, encode and run; gives what it came to, and of the jobs the clock's time in parts of the processor's."""
    now = datetime.now(UTC)
    world = make_world(size, seed=plan.seed, now=now)
    fill_own_tables(url, world)
    fill_vectors(url, world, _encodings())
    database = open_database(url, redis_url=servers.redis_url)
    try:
        ground = Ground(database=database, redis_url=servers.redis_url, now=now, models=plan.models)
        seconds, busy = _of_jobs(ground, plan)
        bytes_ = {REDIS: float(used(servers.redis_url).by_keys), POSTGRES: float(held(database).bytes)}
        return bytes_ | seconds, busy
    finally:
        database.close()


def _of_jobs(ground: Ground, plan: Plan) -> tuple[dict[str, float], dict[str, float]]:
    runs, heuristic_busy = _timed(lambda: heuristic_run(ground.database, ground.redis_url, ground.now), plan.rounds)
    seconds = {HEURISTIC: statistics.median(run["seconds"] for run in runs)}
    if plan.epochs is None:
        return seconds, {HEURISTIC: heuristic_busy}
    epochs = plan.epochs
    (training,), train_busy = _timed(lambda: trained(ground, epochs=epochs), 1)
    scorings, score_busy = _timed(lambda: scored(ground), plan.rounds)
    an_epoch = float(training["stages"]["epochs"] / training["work"]["epochs"])
    score = statistics.median(run["seconds"] for run in scorings)
    busy = {HEURISTIC: heuristic_busy, TRAIN: train_busy, EPOCH: train_busy, SCORE: score_busy}
    return seconds | {TRAIN: training["seconds"], EPOCH: an_epoch, SCORE: score}, busy


def _timed(run: Callable[[], Report], rounds: int) -> tuple[list[Report], float]:
    """Some runs, and the clock's time in parts of the processor's, of the middle one."""
    reports, busy = [], []
    for _ in range(rounds):
        begun, cpu = time.perf_counter(), time.process_time()
        reports.append(run())
        busy.append((time.perf_counter() - begun) / (time.process_time() - cpu))
    return reports, statistics.median(busy)


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
    made.add_argument("--epochs", type=count, default=1, help="epochs of each model of a training, at most (1)")
    made.add_argument("--heuristic-only", action="store_true", help="neither train nor score: a minute")
    return made


if __name__ == "__main__":
    sys.exit(main())
