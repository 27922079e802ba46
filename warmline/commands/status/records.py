"""The records of `warmline status`: what both stores say of the installation, as of one moment."""

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
        """The newest that has ended, well or not."""
        return next((run for run in self.runs if run["finished_at"] is not None), None)

    @property
    def good(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(run for run in self.runs if run["state"] == "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class FromDatabase:
    """What PostgreSQL holds of it."""

    server: DatabaseState
    phase: PhaseState
    changed: Mapping[str, Any] | None  # the newest change of phase
    jobs: Mapping[Job, JobRuns]
    services: tuple[Mapping[str, Any], ...]
    champion: ModelVersion | None
    newest: ModelVersion | None
    readiness: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FromRedis:
    """What Redis holds of it."""

    server: RedisHealth | None  # None: its ACL lets nobody ask
    published: Mapping[Phase, Publication]
    is_safe: bool  # deletions and blocks are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All of it, as of `now`. A store that does not answer is None, with the reason in `trouble`."""

    now: datetime
    database: FromDatabase | None
    redis: FromRedis | None
    trouble: Mapping[str, str] = field(default_factory=dict)  # store → why it is None
    has_foreign_redis: bool = False  # it answers, and is another installation's
    champions_files: str | None = None  # what is the matter with them; None: nothing, or they are not at hand
