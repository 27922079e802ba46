"""The shapes of the operator's answers, as the OpenAPI document shows them. `test_admin_schemas` compares both."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.domain import Phase
from shared.jobs.names import Job
from timeline.http.schemas import PhaseAnswer


class PhaseChangeRecord(BaseModel):
    """A switch of phases on record."""

    version: int
    phase: Phase
    rollout_percent: float
    changed_by: str
    changed_at: datetime


class PublicationAnswer(BaseModel):
    """The last whole publication of a phase's lists."""

    generation: int
    published_at: datetime
    age_seconds: float
    lists: int
    bytes: int
    seconds: float


class PublicationsAnswer(BaseModel):
    """The publications of both phases; null: none, or Redis does not answer."""

    heuristic: PublicationAnswer | None
    neucf: PublicationAnswer | None


class LiveAnswer(BaseModel):
    """What live passes of a phase do."""

    listening: bool
    backlog: int
    lag_seconds: float
    mean_lag_seconds: float
    passes: int
    missed: int


class LiveAnswers(BaseModel):
    """Those of both phases; absent: Redis does not answer."""

    heuristic: LiveAnswer | None = None
    neucf: LiveAnswer | None = None


class RunAnswer(BaseModel):
    """One run of a job."""

    id: int
    job: str
    state: Literal["requested", "running", "done", "failed"]
    requested_by: str
    requested_at: datetime
    worker: str | None
    fence: int | None
    started_at: datetime | None
    lease_until: datetime | None
    finished_at: datetime | None
    report: dict[str, Any] | None
    error: str | None
    progress: dict[str, Any] | None


class ServiceAnswer(BaseModel):
    """A process of a service with a recent sign of life."""

    service: str
    worker: str
    started_at: datetime
    seen_at: datetime


class ModelAnswer(BaseModel):
    """One version of the model."""

    version: int
    alias: str | None = Field(description="champion, previous, or null")
    state: str = Field(description="accepted or rejected, by the gate")
    verdict: str
    created_at: datetime
    report: dict[str, Any]


class ModelsAnswer(BaseModel):
    """All versions on record, newest first."""

    models: list[ModelAnswer]


class FeedAnswer(BaseModel):
    """Events on the pages of one source."""

    source: str
    generation: int | None = Field(description="null: of all generations")
    events: dict[str, int] = Field(description="kind → how many")
    likes_per_view: float | None = Field(description="null: there are no views")


class CountedAnswer(BaseModel):
    """Which run counted, and when."""

    by: str
    at: datetime
    days: float = Field(description="how far it looked back")


class VerdictAnswer(BaseModel):
    """The gate's last verdict."""

    version: int
    accepted: bool
    verdict: str


class ReadinessAnswer(BaseModel):
    """How far the app is from phase 2; null: not counted yet."""

    sentence: str
    enough_data: bool | None
    events: int | None
    positives: int | None
    warm_users: int | None
    posts: int | None
    counted: CountedAnswer | None
    candidates_with_vectors: dict[str, float | None]
    last_verdict: VerdictAnswer | None


class StatusAnswer(BaseModel):
    """What an operator looks at first."""

    phase: PhaseAnswer
    phase_changes: list[PhaseChangeRecord]
    lists: PublicationsAnswer
    live: LiveAnswers
    runs: list[RunAnswer]
    services: list[ServiceAnswer]
    models: list[ModelAnswer]
    feeds: list[FeedAnswer]
    missing: dict[str, str] = Field(description="store or list → what is the matter")
    readiness: ReadinessAnswer


class RunRequested(BaseModel):
    """A run that was asked for."""

    run: int
    job: Job
    state: Literal["requested"] = "requested"


class RunHistory(BaseModel):
    """Runs, newest first."""

    runs: list[RunAnswer]


class ChampionAnswer(BaseModel):
    """The new champion, and the scoring run that its lists come with."""

    champion: ModelAnswer
    run: int
    files_checked: bool = Field(description="whether the model's files were compared with their record")
    warning: str | None = Field(
        None, description="why they were not: the model folder is not mounted here; absent when they were"
    )
