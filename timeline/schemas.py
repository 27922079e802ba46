"""The shapes of requests and answers, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.domain import MAX_ID_LENGTH, Phase, Source, is_usable_id

MAX_LIMIT = 100  # posts of one page
DEFAULT_LIMIT = 20
MAX_EXCLUDE = 500  # ids that one request may leave out
MAX_CURSOR = 200  # characters


def _usable(text: str) -> str:
    if not is_usable_id(text):
        raise ValueError(f"an id: 1 to {MAX_ID_LENGTH} characters, none of them a control character")
    return text


Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH), AfterValidator(_usable)]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="posts of the page, at most")]
CursorText = Annotated[str, Field(max_length=MAX_CURSOR, description="`next_cursor` of the page before")]


class TimelineRequest(BaseModel):
    """What `POST /timeline` takes."""

    model_config = ConfigDict(extra="forbid")

    user_id: Id
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None
    exclude: Annotated[list[Id], Field(max_length=MAX_EXCLUDE, description="post ids to leave out")] = []


class TimelinePost(BaseModel):
    """One post of a page."""

    id: str
    score: float = Field(description="the ranker's own, comparable only within one source and generation")
    reason: str = Field(description="popular, recent, new, for_you, similar_photo or similar_caption")


class TimelinePage(BaseModel):
    """One page of a user's timeline."""

    user_id: str
    source: Source
    posts: list[TimelinePost]
    next_cursor: str | None = Field(description="null when nothing is left to show")
    generated_at: datetime = Field(description="when the list behind this page was made")
    feed_id: str = Field(description="opaque; send it back with events")
    degraded: list[str] | None = Field(None, description="the stores that did not answer; absent when all did")


class PhaseChange(BaseModel):
    """What `PUT /admin/phase` takes."""

    model_config = ConfigDict(extra="forbid")

    phase: Phase
    rollout_percent: float = Field(100, ge=0, le=100, strict=True, description="share of users in `neucf`, in per cent")


class ChampionChange(BaseModel):
    """What `PUT /admin/models/champion` takes."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**62)
    override: bool = Field(default=False, description="promote a version that the gate rejected; audited")


class PhaseAnswer(BaseModel):
    """The phase in force."""

    phase: Phase
    rollout_percent: float
    version: int


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


class Alive(BaseModel):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether pages come from their best source, and what is missing if not."""

    status: Literal["ready", "degraded"]
    missing: dict[str, str] = Field(description="store or list → what is the matter")
