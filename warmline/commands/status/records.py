"""The records of `warmline status`: the state in both stores at one time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.db.models import ModelVersion
from shared.db.server import DatabaseState
from shared.domain import Phase, PhaseState
from shared.jobs.names import Job
from shared.ranked_lists.health import RedisHealth
from shared.ranked_lists.publication import Publication
from shared.readiness import Demotion


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRuns:
    """A job's runs, newest first; rows of the table `runs`."""

    runs: tuple[Mapping[str, Any], ...]

    @property
    def running(self) -> Mapping[str, Any] | None:
        return next((run for run in self.runs if run["state"] == "running"), None)

    @property
    def waiting(self) -> Mapping[str, Any] | None:
        return next((run for run in self.runs if run["state"] == "requested"), None)

    @property
    def ended(self) -> Mapping[str, Any] | None:
        """The newest run that has ended, good or failed."""
        return next((run for run in self.runs if run["finished_at"] is not None), None)

    @property
    def good(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(run for run in self.runs if run["state"] == "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class FromDatabase:
    """The state in PostgreSQL."""

    server: DatabaseState
    phase: PhaseState
    changed: Mapping[str, Any] | None  # the newest change of phase
    jobs: Mapping[Job, JobRuns]
    services: tuple[Mapping[str, Any], ...]
    champion: ModelVersion | None
    demotion: Demotion | None  # why there is no champion any more
    newest: ModelVersion | None
    readiness: Mapping[str, Any]
    takedowns: Mapping[str, int]  # by relation: hidden posts, suspended users

    @property
    def housekeeping(self) -> Mapping[str, Any] | None:
        """What the last good heuristic run says of what is kept; None: it is an earlier version's, or there is none."""
        good = self.jobs[Job.HEURISTIC].good
        found: Mapping[str, Any] | None = ((good[0]["report"] or {}) if good else {}).get("housekeeping")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FromRedis:
    """The state in Redis."""

    server: RedisHealth | None  # None: its ACL does not allow INFO
    published: Mapping[Phase, Publication]
    is_safe: bool  # deletions and blocks are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole state at `now`. A store that does not answer is None, with the reason in `trouble`."""

    now: datetime
    database: FromDatabase | None
    redis: FromRedis | None
    trouble: Mapping[str, str] = field(default_factory=dict)  # store → why it is None
    has_foreign_redis: bool = False  # it answers, and is another installation's
    champions_files: str | None = None  # what is wrong with them; None: nothing, or they are not on this machine
