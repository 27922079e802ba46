"""The shapes of requests and answers, as the OpenAPI document shows them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.domain import (
    CONTROL_CHARACTERS,
    ID_RULE,
    MAX_ID_LENGTH,
    MAX_PHOTOS,
    PHOTO_RULE,
    WHITE_SPACE,
    InteractionKind,
    Mode,
    Phase,
    Source,
    is_photo_reference,
    is_usable_id,
)
from shared.preferences.words import MAX_TAGS, MAX_WORD, folded, folded_tag, language_of
from shared.text.numbers import is_whole_number
from shared.text.printable import STEERING_CHARACTERS
from timeline.http.exact_paths import with_slashes
from timeline.http.interaction_checks import OLDEST, Rejection

MAX_LIMIT = 100  # posts of one page
DEFAULT_LIMIT = 20
MAX_EXCLUDE = 500  # ids that one request may leave out
MAX_CURSOR = 1_500  # characters: one that carries 200 posts has 1,102, and the longest tag adds 346
MAX_REQUEST_ID = 128  # visible ASCII characters
MAX_EVENTS = 1_000  # of one batch
MAX_CAPTION = 10_000  # characters
MAX_URL = 2_048  # characters
MAX_UNKNOWN = 20  # unknown fields of a body, reported one by one
MAX_RUNS = 100  # of one request for the history
MAX_VERSION = 2**53 - 1  # of a model: the largest whole number that every JSON reader keeps exact
_NUMBER = re.compile(r"\s*[-+]?[\d._]+([eE][-+]?\d+)?\s*")


def _usable(text: str) -> str:
    if not is_usable_id(text):
        raise ValueError(f"an id: {ID_RULE}")
    return text


def storable(text: str) -> str:
    """The text, if PostgreSQL can store it."""
    if "\0" in text or not _is_unicode(text):
        raise ValueError("text without NUL characters and half surrogates")
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _since_1970(at: datetime) -> datetime:
    try:
        if at >= OLDEST:
            return at.astimezone(UTC)  # PostgreSQL rejects offsets of 16 hours
    except OverflowError:  # the last hours of the year 9999, west of Greenwich
        pass
    raise ValueError("a time since 1970, up to the year 9999 in UTC")


def _as_text(value: object) -> object:
    """No number, as in events: it has neither a unit nor a zone."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return value
    raise ValueError("a time as text with its zone, such as 2026-01-31T12:00:00Z")


def _whole(value: object) -> object:
    """Numbers as JSON and digits; pydantic also reads 1_0 as 10, and true as 1."""
    if isinstance(value, bool) or (isinstance(value, str) and not is_whole_number(value)):
        raise ValueError("a whole number")
    return value


def _word(text: str) -> str:
    same = folded(text)
    if not same:
        raise ValueError("more than white space")
    if len(same) > MAX_WORD:  # one character may stand for many
        raise ValueError(f"at most {MAX_WORD} characters as it is compared (NFKC, case folded)")
    return text


def _tag(text: str) -> str:
    if not folded_tag(text):
        raise ValueError("a tag: more than white space and #")
    return text


def _language(text: str) -> str:
    if not language_of(text):
        raise ValueError("a language by its BCP 47 tag, such as pt or pt-BR")
    return text


def _photo(reference: str) -> str:
    if not is_photo_reference(reference):
        raise ValueError(f"an image_url: {PHOTO_RULE}")
    return reference


# The pattern documents the rule; `_usable` applies it.
_END = f"[^{CONTROL_CHARACTERS}{WHITE_SPACE}]"
ID_PATTERN = {"pattern": f"^{_END}([^{CONTROL_CHARACTERS}]*{_END})?$"}
Id = Annotated[
    str, Field(min_length=1, max_length=MAX_ID_LENGTH, json_schema_extra=ID_PATTERN), AfterValidator(_usable)
]
PathId = Annotated[Id, BeforeValidator(with_slashes), Path()]
NOT_STEERING = {"pattern": f"^[^{STEERING_CHARACTERS}]*$"}
NO_NUL = {"pattern": r"^[^\u0000]*$"}
Caption = Annotated[str, Field(max_length=MAX_CAPTION, json_schema_extra=NO_NUL), AfterValidator(storable)]
Word = Annotated[
    str,
    Field(min_length=1, max_length=MAX_WORD, json_schema_extra=NO_NUL),
    AfterValidator(storable),
    AfterValidator(_word),
]
Tag = Annotated[Word, AfterValidator(_tag)]
Language = Annotated[
    str,
    Field(max_length=35, json_schema_extra={"pattern": "^[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*$"}),
    AfterValidator(_language),
]
Url = Annotated[
    str,
    Field(max_length=MAX_URL, json_schema_extra=NOT_STEERING, description=PHOTO_RULE),
    AfterValidator(storable),
    AfterValidator(_photo),
]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_as_text),
    AfterValidator(_since_1970),
    Field(description="with its zone, since 1970"),
]
IS_WHOLE = BeforeValidator(_whole)  # after the bounds, which the document of routes would not show otherwise
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="posts of the page, at most"), IS_WHOLE]
ModeName = Annotated[
    Mode, Field(description="which posts; left out: those of the cursor, else for_you; see the guide on surfaces")
]
TagText = Annotated[
    Tag, Field(description="only posts with this tag, in following, latest and explore; # and case do not count")
]
CursorText = Annotated[str, Field(max_length=MAX_CURSOR, description="`next_cursor` of the page before")]


RequestId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_REQUEST_ID,
        pattern="^[!-~]+$",
        description="of a first page: the same id and parameters within a minute give the same page",
    ),
]


class RequestBody(BaseModel):
    """A request body without unknown fields."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, given: object) -> object:
        """Each unknown field would be reported as an error: 60,000 of them took a second."""
        if isinstance(given, dict) and len(given) > len(cls.model_fields) + MAX_UNKNOWN:
            raise ValueError(f"an object of the fields {', '.join(cls.model_fields)} and no others; got {len(given)}")
        return given


class TimelineRequest(RequestBody):
    """What `POST /timeline` takes."""

    user_id: Id
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None
    exclude: Annotated[list[Id], Field(max_length=MAX_EXCLUDE, description="post ids to leave out")] = []
    mode: ModeName | None = None
    tag: TagText | None = None
    request_id: RequestId | None = None


class TimelinePost(BaseModel):
    """One post of a page."""

    id: str
    score: float = Field(description="the ranker's own, comparable only within one source and generation")
    reason: str = Field(
        description="popular, recent, new, for_you, similar_photo, similar_caption, you_asked, following or"
        " liked_together"
    )


class TimelinePage(BaseModel):
    """One page of a user's timeline."""

    user_id: str
    source: Source
    posts: list[TimelinePost]
    next_cursor: str | None = Field(description="null when nothing is left to show")
    generated_at: datetime = Field(description="when the list behind this page was made")
    feed_id: str = Field(description="opaque; send it back with events")
    degraded: list[str] | None = Field(None, description="the stores that did not answer; absent when all did")


class InteractionEvent(BaseModel):
    """One event, as `POST /interactions` keeps it. What is not like this is left out and named in `rejected`."""

    model_config = ConfigDict(extra="forbid")

    user_id: Id
    post_id: Id
    kind: InteractionKind
    created_at: Moment | None = Field(
        None, description="blank, or ahead of now: now; of a user's own JWT it does not count"
    )
    event_id: Id | None = Field(
        None,
        description="your id of the event; a comment wants one. Of a user's own JWT it means an event of that user",
    )
    feed_id: str | None = Field(None, description="of the page that the event was made on")


# Items of any shape are accepted, so that one bad event does not reject the batch; the document shows the right shape.
Batch = Annotated[
    list[Any],
    Field(max_length=MAX_EVENTS, json_schema_extra={"items": {"$ref": "#/components/schemas/InteractionEvent"}}),
]


class RejectedEvent(BaseModel):
    """An event that was left out."""

    index: int = Field(description="its place in the batch, from 0")
    reason: Rejection
    field: str | None = Field(None, description="of `unknown-field`: the field's name; else absent")


class BatchResult(BaseModel):
    """What became of a batch."""

    accepted: int = Field(description="events that are new (of DELETE: taken back), and durable")
    duplicates: int = Field(description="events that were there already (of DELETE: that were not there)")
    rejected: list[RejectedEvent]
    pending: Literal[True] | None = Field(None, description="with 202 only: some pages may not obey the hides yet")


class ActPending(BaseModel):
    """An act that is durable; pages obey it as soon as the other store answers again."""

    pending: Literal[True] = True


class UserPut(RequestBody):
    """What `PUT /users/{id}` takes."""

    created_at: Moment | None = Field(None, description="when they joined; blank: now, or as it was")


class MutePut(RequestBody):
    """What `PUT /users/{id}/mutes/{muted_user_id}` takes."""

    expires_at: Moment | None = Field(None, description="when it ends by itself; blank: never")


class PostPut(RequestBody):
    """What `PUT /posts/{id}` takes: a post that anyone may see."""

    author_id: Id
    caption: Caption = ""
    image_url: Url | None = None
    image_urls: Annotated[list[Url], Field(max_length=MAX_PHOTOS)] | None = Field(
        None, description="further photos; with `image_url`, at most 10 count"
    )
    created_at: Moment | None = Field(None, description="blank: now, or as it was")
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] | None = Field(None, description="# and case do not count")
    language: Language | None = Field(
        None, description="of the caption, as a BCP 47 tag such as pt-BR; blank: not known"
    )
    sensitive: bool | None = Field(None, strict=True, description="viewers may choose not to see it")


class ErasureUnderWay(BaseModel):
    """An erasure whose last traces go when Redis is back, or a run under way has ended."""

    status: Literal["finishing"] = "finishing"
    pending: Literal[True] = True


class PhaseChange(RequestBody):
    """What `PUT /admin/phase` takes."""

    phase: Phase
    rollout_percent: float = Field(100, ge=0, le=100, strict=True, description="share of users in `neucf`, in per cent")


class ChampionChange(RequestBody):
    """What `PUT /admin/models/champion` takes."""

    version: Annotated[int, Field(ge=1, le=MAX_VERSION), IS_WHOLE]
    override: bool = Field(default=False, description="promote a version that the gate rejected; audited")


class PhaseAnswer(BaseModel):
    """The phase in force."""

    phase: Phase
    rollout_percent: float
    version: int
    warning: str | None = Field(
        None, description="why this phase shows nobody its lists yet (no model, no lists); absent when it does"
    )


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


class HealthAnswer(BaseModel):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether pages come from their best source, and what is missing if not."""

    status: Literal["ready", "degraded"]
    missing: dict[str, str] = Field(description="store or list → what is the matter")
