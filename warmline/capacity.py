"""`warmline capacity`: what a world of some size will need, and how far that is right for the one that is here."""

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from shared.db.engine import Database
from shared.db.runs import recent_runs
from shared.db.sizes import Held, held
from shared.ranked_lists import keys
from shared.ranked_lists.weigh import used
from shared.settings import ListSettings, load_settings
from warmline.calibrating import calibrate
from warmline.capacity_model import (
    HEURISTIC,
    SCORE,
    TRAIN,
    World,
    corrected,
    everything_active,
    job_seconds,
    postgres_bytes,
    reader_bytes,
    redis_bytes,
)
from warmline.screen import console, progress_bar, say, show_json
from warmline.stores import Stores, open_stores

RUNS = 5  # the last ones of a job, whose middle duration counts
MB = 1e6
LISTS_NEUCF = "lists, neucf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What would have been predicted for the world that is here, and what is."""

    what: str
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
    redis: Mapping[str, int]
    reader: int
    postgres: Mapping[str, int]
    seconds: Mapping[str, float]
    measured_jobs: tuple[str, ...]  # whose prediction was set right by their last runs
    checks: tuple[Check, ...]


def run_capacity(*, users: int, posts: int, interactions: int, as_json: bool) -> int:
    """Predict, check, and show."""
    lists = load_settings(ListSettings)
    with open_stores() as stores, progress_bar("capacity: calibrating") as progress:
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
    there, reports = held(database), _last_runs(database)
    redis_now = used(stores.redis_url)  # before the calibration adds to it
    speeds, weights = calibrate(database, stores.redis_url, list_length=lists.list_length)
    here = _world_here(there, reports, max_lists=lists.max_lists)
    sizes = {"users": users, "posts": posts, "interactions": interactions, "max_lists": lists.max_lists}
    world = here.scaled(**sizes) if here else everything_active(**sizes)
    seconds, checks, found = job_seconds(world, speeds), [], {}
    vector_bytes = there.table_bytes["post_vectors"] / there.vectors if there.vectors else None
    if here is not None:
        reckoned = job_seconds(here, speeds)
        found = {job: statistics.median(run["seconds"] for run in runs) for job, runs in reports.items()}
        seconds = corrected(seconds, reckoned, found)
        of_redis = redis_bytes(here, weights)
        of_postgres = postgres_bytes(here, views=views, vectors=there.vectors, vector_bytes=vector_bytes)
        checks = [
            Check(what="Redis", unit="bytes", predicted=sum(of_redis.values()), found=redis_now.by_keys),
            Check(what="PostgreSQL", unit="bytes", predicted=sum(of_postgres.values()), found=there.bytes),
            *(Check(what=job, unit="seconds", predicted=reckoned[job], found=spent) for job, spent in found.items()),
        ]
    vectors = round(there.vectors * posts / there.rows["posts"]) if there.vectors and there.rows["posts"] else None
    return Capacity(
        world=world,
        here=here,
        redis=redis_bytes(world, weights),
        reader=reader_bytes(weights, chains=keys.CHAIN_SLOTS, seen_length=lists.seen_length),
        postgres=postgres_bytes(world, views=views, vectors=vectors, vector_bytes=vector_bytes),
        seconds=seconds,
        measured_jobs=tuple(found),
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
        "measured_jobs": list(capacity.measured_jobs),
        "check": [
            {**asdict(check), "off": None if check.off is None else round(check.off, 4)} for check in capacity.checks
        ],
    }


def _last_runs(database: Database) -> dict[str, list[Mapping[str, Any]]]:
    """The reports of each job's last good runs, newest first; partial scoring runs are left out."""
    found = {}
    for job in (HEURISTIC, TRAIN, SCORE):
        reports = [run["report"] or {} for run in recent_runs(database, limit=50, job=job) if run["state"] == "done"]
        whole = [report for report in reports if "seconds" in report and not report.get("partial")]
        if whole:
            found[job] = whole[:RUNS]
    return found


def _world_here(there: Held, reports: Mapping[str, list[Mapping[str, Any]]], *, max_lists: int) -> World | None:
    if HEURISTIC not in reports or not there.rows["users"] or not there.rows["posts"]:
        return None
    newest = reports[HEURISTIC][0]
    lists = min(int(newest["lists"]), max_lists)
    return World(
        users=there.rows["users"],
        posts=there.rows["posts"],
        interactions=there.rows["interactions"],
        blocks=there.rows["blocks"],
        lists=lists,
        candidates=int(newest["posts"]),
        events=int(newest["events"]),
        scored=int(reports[SCORE][0]["lists"]) if SCORE in reports else 0,
    )


def _show(capacity: Capacity) -> None:
    world, known = capacity.world, capacity.here is not None
    say(
        f"{world.users:,} users, {world.posts:,} posts, {world.interactions:,} interactions; of these"
        f" {world.lists:,} users with a list, {world.candidates:,} candidates, {world.events:,} events on them"
        f" ({'the shares of your last run' if known else 'nothing ran yet, so all count'})."
    )
    table = Table("what", "need", "of which")
    table.add_row("Redis", _megabytes(sum(capacity.redis.values())), _parts(capacity.redis))
    table.add_row("", f"+ {capacity.reader:,} bytes", "at most, for each reader who scrolls")
    table.add_row("PostgreSQL", _megabytes(sum(capacity.postgres.values())), _parts(capacity.postgres))
    for job, seconds in capacity.seconds.items():
        basis = "by your last runs" if job in capacity.measured_jobs else "rough: by the calibration alone"
        table.add_row(f"job {job}", f"{seconds:,.1f} s", basis)
    console().print(table)
    if not capacity.checks:
        say("Nothing to check it against: the heuristic has not run here yet.")
        return
    checks = Table("the same for what is here", "predicted", "found", "off")
    for check in capacity.checks:
        shown = _megabytes if check.unit == "bytes" else "{:,.2f} s".format
        off = "" if check.off is None else f"{check.off:+.0%}"
        checks.add_row(check.what, shown(check.predicted), shown(check.found), off)
    console().print(checks)


def _megabytes(size: float) -> str:
    return f"{size / MB:,.1f} MB"


def _parts(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {_megabytes(size)}" for name, size in sizes.items() if size)
