"""The last good run of each job: its seconds, and how much data it processed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.db.engine import Database
from shared.db.runs import recent_runs
from warmline.commands.capacity.model import JOBS, TRAIN, DataSize

LOOKED_AT = 50  # newest runs of a job, including failed and partial ones


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """Seconds and amounts from a run's report."""

    at: datetime
    seconds: float
    stages: Mapping[str, float]  # by part; empty in reports of older versions
    encoded: int  # captions and photos that were new to it
    report: Mapping[str, Any]

    @property
    def workers(self) -> int:
        """Processes that it trained in; its seconds are of all of them together."""
        return int(self.report.get("work", {}).get("workers", 1))

    def worked_on(self, job: str, here: DataSize) -> DataSize:
        """The amount of data from its report, else the current one."""
        if job != TRAIN or "work" not in self.report:
            return here
        events = int(self.report["work"].get("events", here.interactions))
        posts = int(self.report["work"].get("posts", here.posts))
        return DataSize(users=here.users, posts=max(posts, 1), interactions=max(events, 1))


def last_runs(database: Database) -> dict[str, MeasuredRun]:
    """The last good run by job, without partial scoring runs."""
    found = {}
    for job in JOBS:
        done = (run for run in recent_runs(database, limit=LOOKED_AT, job=job) if run["state"] == "done")
        whole = (run for run in done if "seconds" in (run["report"] or {}) and not run["report"].get("partial"))
        run = next(whole, None)
        if run is not None:
            report = run["report"]
            found[job] = MeasuredRun(
                at=run["finished_at"],
                seconds=float(report["seconds"]),
                stages=report.get("stages", {}),
                encoded=int(report.get("captions", 0)) + int(report.get("images", 0)),
                report=report,
            )
    return found
