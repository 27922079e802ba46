"""What the last runs of the jobs took, and what they worked on: read from their reports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.db.engine import Database
from shared.db.runs import recent_runs
from warmline.capacity_model import HEURISTIC, SCORE, TRAIN, World
from warmline.capacity_seconds import Night, unknown_night

JOBS = (HEURISTIC, TRAIN, SCORE)
RUNS = 5  # the last ones of a job, of which the middle one counts
LOOKED_AT = 50  # the newest runs of a job, among them failed and partial ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One run: what it worked on, and how long it took."""

    world: World
    night: Night
    stages: Mapping[str, float]  # seconds by part; empty in reports of older versions
    seconds: float
    encoded: int = 0  # captions and photos that were new to it


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last good runs by job, newest first, and what they say of the world that is here."""

    world: World | None  # None: the heuristic has not run
    night: Night | None  # None: no training has
    runs: Mapping[str, tuple[Past, ...]]


def history_of(database: Database, rows: Mapping[str, int], *, max_lists: int) -> History:
    """Read the reports; partial scoring runs are left out.

    Args:
        database: ours.
        rows: of each relation, now.
        max_lists: that are published at most.
    """
    reports = {job: _reports(database, job) for job in JOBS}
    world = _world_here(rows, reports, max_lists=max_lists)
    if world is None:
        return History(world=None, night=None, runs=dict.fromkeys(JOBS, ()))
    nights = [night for night in map(_night_of, reports[TRAIN]) if night is not None]
    night = nights[0] if nights else None
    runs = {job: tuple(_past(report, job, world, night) for report in reports[job]) for job in JOBS}
    return History(world=world, night=night, runs=runs)


def _reports(database: Database, job: str) -> list[Mapping[str, Any]]:
    done = [run for run in recent_runs(database, limit=LOOKED_AT, job=job) if run["state"] == "done"]
    reports = [run["report"] or {} for run in done]
    return [report for report in reports if "seconds" in report and not report.get("partial")][:RUNS]


def _world_here(
    rows: Mapping[str, int], reports: Mapping[str, list[Mapping[str, Any]]], *, max_lists: int
) -> World | None:
    if not reports[HEURISTIC] or not rows["users"] or not rows["posts"]:
        return None
    newest = reports[HEURISTIC][0]
    return World(
        users=rows["users"],
        posts=rows["posts"],
        interactions=rows["interactions"],
        blocks=rows["blocks"],
        lists=min(int(newest["lists"]), max_lists),
        candidates=int(newest["posts"]),
        events=int(newest["events"]),
        scored=int(reports[SCORE][0]["lists"]) if reports[SCORE] else 0,
    )


def _past(report: Mapping[str, Any], job: str, world: World, night: Night | None) -> Past:
    """What a run found when it ran, as far as its report says; else what is here now."""
    night = _night_of(report) or night or unknown_night(world)
    if job == HEURISTIC:
        world = replace(
            world, lists=int(report["lists"]), candidates=int(report["posts"]), events=int(report["events"])
        )
    elif job == SCORE:
        world = replace(world, scored=int(report["lists"]), candidates=int(report["posts"]))
    return Past(
        world=world,
        night=night,
        stages=report.get("stages", {}),
        seconds=float(report["seconds"]),
        encoded=int(report.get("captions", 0)) + int(report.get("images", 0)),
    )


def _night_of(report: Mapping[str, Any]) -> Night | None:
    work = report.get("work")
    if work is None:
        return None
    names = Night.__dataclass_fields__
    return Night(**{name: int(work.get(name, 0)) for name in names})
