"""The shapes of the document that `shared.operations.user_export` makes: the one definition of its form.

The HTTP interface documents it from here. docs/guides/answer-a-data-request.md says what each part means to a person.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

FORMAT: Literal[1] = 1  # of the document; grows when a reader of the old one would misread the new one
Home = Annotated[str, Meta(description="`warmline`: our own tables; `view`: your view")]
Moment = Annotated[datetime, Meta(tz=True)]
Missing = Literal["models", "redis"]
PostIds = list[str | None]  # None: a post that is erased


class ExportedUser(Struct, kw_only=True):
    """A row of the person among the users."""

    home: Home
    created_at: Moment | None


class ExportedModelRow(Struct, kw_only=True):
    """Whether a stored model has learnt a row of numbers for the person."""

    version: int
    alias: Annotated[str | None, Meta(description="`champion` (it is served), `previous`, or null")]
    has_row: bool


class ExportedRun(Struct, kw_only=True):
    """A run whose error message quotes the person's id."""

    run: int
    job: str
    finished_at: Moment | None


class ExportedEntry(Struct, kw_only=True):
    """A post in a list."""

    id: Annotated[str | None, Meta(description="null: the post is erased")]
    score: float | None
    reason: str


class ExportedList(Struct, kw_only=True):
    """A ranked list of the person, best first."""

    source: str
    generation: int
    generated_at: Moment
    posts: list[ExportedEntry]


class ExportedChain(ExportedList, kw_only=True):
    """A list that is frozen while the person pages through it."""

    page_ends: Annotated[list[int], Meta(description="how many of the posts the pages so far have shown")]
    tail: Annotated[PostIds, Meta(description="posts that follow the list's end")]


class ExportedSuggestion(Struct, kw_only=True):
    """An author whom the person may want to follow."""

    author_id: Annotated[str | None, Meta(description="null: the author has no posts to show by now, or is erased")]
    score: float | None
    reason: str


class ExportedRedis(Struct, kw_only=True):
    """What Redis holds: all of it is made from the rest, and expires."""

    lists: Annotated[dict[str, ExportedList], Meta(description="the list of each phase that has one")]
    chains: list[ExportedChain]
    hidden_posts: Annotated[PostIds, Meta(description="hidden by the person, so never shown")]
    seen_posts: Annotated[PostIds, Meta(description="seen, as events say")]
    served_posts: Annotated[PostIds, Meta(description="shown on a page, the longest ago first")]
    visits: Annotated[int, Meta(description="first pages requested")]
    suggestions: Annotated[list[ExportedSuggestion], Meta(description="authors to follow, the best first")]
    asked_at: Annotated[Moment | None, Meta(description="when they lately requested a page without having a list")]


class ExportedVector(Struct, kw_only=True):
    """Numbers that an encoder made of a photo or a caption."""

    part: str
    encoder: str
    encoded_at: Moment


class ExportedFailure(Struct, kw_only=True):
    """Why a photo or a caption could not be encoded."""

    part: str
    failure: str


class ExportedPost(Struct, kw_only=True):
    """A post of the person."""

    home: Home
    id: str | None
    caption: str | None
    image_url: str | None
    image_urls: Annotated[list[str | None] | None, Meta(description="further photos")]
    created_at: Moment | None
    deleted_at: Moment | None
    deleted_by_api_at: Moment | None
    hidden_at: Annotated[Moment | None, Meta(description="since when the API hides it from everybody")]
    tags: list[str | None] | None
    language: str | None
    sensitive: bool | None
    number: Annotated[int | None, Meta(description="by which lists name it; null: no list has held it")]
    vectors: list[ExportedVector]
    failures: list[ExportedFailure]
    has_fingerprint: Annotated[bool, Meta(description="the photo is compared with others by a fingerprint")]


class ExportedPreference(Struct, kw_only=True):
    """Something that the person has said about their timeline."""

    say: Annotated[str, Meta(description="`more`, `less` or `mute`")]
    about: Annotated[str, Meta(description="`author`, `tag`, `post` or `word`")]
    target: str
    created_at: Moment | None
    expires_at: Moment | None


class ExportedBlock(Struct, kw_only=True):
    """A user whom the person has blocked."""

    home: Home
    blocked_user_id: str | None
    created_at: Moment | None


class ExportedFollow(Struct, kw_only=True):
    """An author whom the person follows."""

    home: Home
    author_id: str | None
    created_at: Moment | None


class ExportedPosition(Struct, kw_only=True):
    """The page that an event was made on."""

    source: str
    generation: int | None
    position: Annotated[int | None, Meta(description="of the page's first post in its chain")]


class ExportedEvent(Struct, kw_only=True):
    """Something that the person did with a post."""

    home: Home
    post_id: str | None
    kind: str | None
    created_at: Annotated[Moment | None, Meta(description="of a repeated event the last time")]
    first_at: Annotated[Moment | None, Meta(description="its first time; null: not repeated, or not known")]
    event_id: str | None
    feed: ExportedPosition | None


class ExportedCounts(Struct, kw_only=True):
    """How many entries the long parts have."""

    posts: int
    blocks: int
    follows: int
    events: int


class ExportHead(Struct, kw_only=True):
    """What comes before the long parts."""

    format: Annotated[Literal[1], Meta(description="of this document")]
    user_id: str
    made_at: Moment
    missing: Annotated[list[Missing], Meta(description="parts that could not be read; empty: all is here")]
    users: list[ExportedUser]
    suspended_at: Annotated[Moment | None, Meta(description="since when the API withholds all their posts")]
    suspended_in_view: Annotated[bool, Meta(description="your view of users calls them suspended")]
    has_revoked: Annotated[bool, Meta(description="on record: the person took an event back")]
    preferences: Annotated[list[ExportedPreference], Meta(description="also mutes of authors, those of your view too")]
    languages: Annotated[list[str], Meta(description="that they want to see; empty: all")]
    sensitive: Annotated[str, Meta(description="`show` or `hide`: what they chose of sensitive posts")]
    personalised: Annotated[bool, Meta(description="false: they object to it")]
    models: list[ExportedModelRow]
    runs: list[ExportedRun]
    redis: Annotated[ExportedRedis | None, Meta(description="null: could not be read")]


class UserData(ExportHead, kw_only=True):
    """All that Warmline holds about one person."""

    posts: list[ExportedPost]
    blocks: list[ExportedBlock]
    follows: list[ExportedFollow]
    events: list[ExportedEvent]
    counts: ExportedCounts
