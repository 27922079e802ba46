"""`warmline capacity`: what a world of some size will need, and how far that is right for the one that is here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from shared.db.sizes import held
from shared.ranked_lists import keys
from shared.ranked_lists.weigh import used
from shared.settings import ListSettings, load_settings
from warmline.calibrating import calibrate
from warmline.capacity_history import JOBS, History, Past, history_of
from warmline.capacity_model import (
    TRAIN,
    Speeds,
    World,
    everything_active,
    postgres_bytes,
    reader_bytes,
    redis_bytes,
)
from warmline.capacity_seconds import ENCODE, Night, Parts, after_runs, estimated, unknown_night
from warmline.screen import console, progress_bar, say, show_json
from warmline.stores import Stores, open_stores

MB = 1e6
EPOCH = "train, an epoch"  # of the learning alone
CALIBRATED, EARLIER, WEIGHED = "by the calibration alone", "by the runs before it", "weighed and counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What would have been predicted for the world that is here, and what is."""

    what: str
    how: str  # the prediction was come by
    unit: str
    predicted: float
    found: float

    @property
    def off(self) -> float | None:
        """By how much of what was found the prediction is off; above 0: too high."""
        return self.predicted / self.found - 1 if self.found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A prediction, what it stands on, and how it does here."""

    world: World
    here: World | None  # None: the heuristic never ran, so that nothing is known of the data
    night: Night  # what a training would work on; its epochs are those of the last one
    redis: Mapping[str, int]
    reader: int
    postgres: Mapping[str, int]
    parts: Mapping[str, Parts]  # seconds by job and part
    runs: Mapping[str, int]  # by job: how many of its runs the seconds stand on
    checks: tuple[Check, ...]

    @property
    def seconds(self) -> dict[str, float]:
        """By job."""
        return {job: sum(parts.values()) for job, parts in self.parts.items()}

    @property
    def seconds_per_epoch(self) -> float:
        """Of a training's learning, validation apart."""
        return self.parts[TRAIN]["epochs"] / max(self.night.epochs, 1)


def run_capacity(*, users: int, posts: int, interactions: int, as_json: bool) -> int:
    """Predict, check, and show."""
    lists = load_settings(ListSettings)
    with open_stores() as stores, progress_bar("capacity: calibrating") as progress:
        stores.refuse_foreign_redis()
        progress.add_task("", total=None)
        capacity = predict(stores, lists, users=users, posts=posts, interactions=interactions)
    if as_json:
        show_json(as_dict(capacity))
    else:
        _show(capacity)
    return 0


def predict(stores: Stores, lists: ListSettings, *, users: int, posts: int, interactions: int) -> Capacity:
    """Look at what is here, calibrate, and reckon."""
    database, views = stores.database, stores.database.has_views
    there, redis_now = held(database), used(stores.redis_url)  # before the calibration adds to it
    history = history_of(database, there.rows, max_lists=lists.max_lists)
    speeds, weights = calibrate(database, stores.redis_url, list_length=lists.list_length)
    here = history.world
    sizes = {"users": users, "posts": posts, "interactions": interactions}
    world = (here.scaled if here else everything_active)(**sizes, max_lists=lists.max_lists)
    night = history.night.scaled(**_times(here, world)) if here and history.night else unknown_night(world)
    vector_bytes = there.table_bytes["post_vectors"] / there.vectors if there.vectors else None
    vectors = round(there.vectors * posts / there.rows["posts"]) if there.vectors and there.rows["posts"] else None
    checks: list[Check] = []
    if here is not None:
        of_redis = sum(redis_bytes(here, weights).values())
        of_postgres = sum(postgres_bytes(here, views=views, vectors=there.vectors, vector_bytes=vector_bytes).values())
        checks = [
            Check(what="Redis", how=WEIGHED, unit="bytes", predicted=of_redis, found=redis_now.by_keys),
            Check(what="PostgreSQL", how=WEIGHED, unit="bytes", predicted=of_postgres, found=there.bytes),
            *_checked_jobs(history, speeds),
        ]
    return Capacity(
        world=world,
        here=here,
        night=night,
        redis=redis_bytes(world, weights),
        reader=reader_bytes(weights, chains=keys.CHAIN_SLOTS, seen_length=lists.seen_length),
        postgres=postgres_bytes(world, views=views, vectors=vectors, vector_bytes=vector_bytes),
        parts=_reckoned(history, world, night, speeds),
        runs={job: len(history.runs[job]) for job in JOBS},
        checks=tuple(checks),
    )


def as_dict(capacity: Capacity) -> dict[str, Any]:
    """For a script."""
    return {
        "world": asdict(capacity.world),
        "here": asdict(capacity.here) if capacity.here else None,
        "redis": {
            "bytes": sum(capacity.redis.values()),
            "by_kind": capacity.redis,
            "each_reader_at_most": capacity.reader,
        },
        "postgresql": {"bytes": sum(capacity.postgres.values()), "by_kind": capacity.postgres},
        "seconds": {job: round(value, 3) for job, value in capacity.seconds.items()},
        "stages": {
            job: {part: round(value, 3) for part, value in parts.items()} for job, parts in capacity.parts.items()
        },
        "training": {"epochs": capacity.night.epochs, "seconds_per_epoch": round(capacity.seconds_per_epoch, 4)},
        "measured_jobs": [job for job in JOBS if capacity.runs[job]],
        "how": {job: _how(capacity, job) for job in JOBS},
        "check": [
            {**asdict(check), "off": None if check.off is None else round(check.off, 4)} for check in capacity.checks
        ],
    }


def _times(here: World, world: World) -> dict[str, float]:
    return {name: getattr(world, name) / max(getattr(here, name), 1) for name in ("users", "posts", "interactions")}


def _reckoned(history: History, world: World, night: Night, speeds: Speeds) -> dict[str, dict[str, float]]:
    """Seconds by job and part: after the last runs where there are any."""
    there = estimated(world, night, speeds)
    return {job: _after(history.runs[job], there[job], job, speeds) for job in JOBS}


def _after(runs: tuple[Past, ...], there: Parts, job: str, speeds: Speeds) -> dict[str, float]:
    """A job's parts after some of its runs; the middle one of each part counts, beside what it was estimated at."""
    return after_runs(there, [(estimated(run.world, run.night, speeds)[job], run.stages, run.seconds) for run in runs])


def _checked_jobs(history: History, speeds: Speeds) -> list[Check]:
    """The newest run of each job, as the calibration alone has it, and as the runs before it do."""
    checks = []
    for job in JOBS:
        if not history.runs[job]:
            continue
        newest, *before = history.runs[job]
        there = estimated(newest.world, newest.night, speeds)[job]
        ways = {CALIBRATED: there} | ({EARLIER: _after(tuple(before), there, job, speeds)} if before else {})
        for how, parts in ways.items():
            checks.append(_check_of_job(job, how, parts, newest))
            if job == TRAIN and newest.stages and newest.night.epochs:
                n_epochs = newest.night.epochs
                checks.append(_check(EPOCH, how, parts["epochs"] / n_epochs, newest.stages["epochs"] / n_epochs))
    return checks


def _check_of_job(job: str, how: str, parts: Parts, run: Past) -> Check:
    """A run that encoded something is checked without that: how long it takes is the encoder's affair."""
    if not run.encoded or ENCODE not in run.stages:
        return _check(job, how, sum(parts.values()), run.seconds)
    others = sum(seconds for part, seconds in parts.items() if part != ENCODE)
    return _check(f"{job}, encoding apart", how, others, run.seconds - run.stages[ENCODE])


def _check(what: str, how: str, predicted: float, found: float) -> Check:
    return Check(what=what, how=how, unit="seconds", predicted=predicted, found=found)


def _how(capacity: Capacity, job: str) -> str:
    n_runs = capacity.runs[job]
    if not n_runs:
        return "rough: by the calibration alone"
    runs = "run" if n_runs == 1 else f"{n_runs} runs"
    basis = f"by your last {runs}, each stage by what it grows with"
    if job != TRAIN:
        return basis
    encoding = capacity.parts[TRAIN][ENCODE]
    if encoding > 1:
        basis += f"; {encoding:,.1f} s of it encode, were as large a part of the posts new"
    return (
        f"{basis}; {capacity.seconds_per_epoch:,.2f} s an epoch, and as many epochs as last time"
        f" ({capacity.night.epochs:,} over all its models): that depends on the data"
    )


def _show(capacity: Capacity) -> None:
    world, known = capacity.world, capacity.here is not None
    say(
        f"{world.users:,} users, {world.posts:,} posts, {world.interactions:,} interactions; of these"
        f" {world.lists:,} users with a list, {world.candidates:,} candidates, {world.events:,} events on them"
        f" ({'the shares of your last run' if known else 'nothing ran yet, so all count'})."
    )
    table = Table("what", "need", "how it was come by")
    table.add_row("Redis", _megabytes(sum(capacity.redis.values())), f"values weighed here: {_parts(capacity.redis)}")
    table.add_row("", f"+ {capacity.reader:,} bytes", "at most, for each reader who scrolls")
    of_postgres = f"bytes of a live row, vectors weighed here: {_parts(capacity.postgres)}"
    table.add_row("PostgreSQL", _megabytes(sum(capacity.postgres.values())), of_postgres)
    for job, seconds in capacity.seconds.items():
        table.add_row(f"job {job}", f"{seconds:,.1f} s", _how(capacity, job))
    console().print(table)
    if not capacity.checks:
        say("Nothing to check it against: the heuristic has not run here yet.")
        return
    checks = Table("check against what is here and the last real runs", "predicted", "found", "off", "predicted how")
    for check in capacity.checks:
        shown = _megabytes if check.unit == "bytes" else "{:,.2f} s".format
        off = "" if check.off is None else f"{check.off:+.0%}"
        checks.add_row(check.what, shown(check.predicted), shown(check.found), off, check.how)
    console().print(checks)


def _megabytes(size: float) -> str:
    return f"{size / MB:,.1f} MB"


def _parts(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {_megabytes(size)}" for name, size in sizes.items() if size)
