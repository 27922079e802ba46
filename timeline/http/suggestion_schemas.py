"""The answers of suggestions and of onboarding, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from shared.ranked_lists import codec
from shared.ranked_lists.suggestions import AuthorReason
from timeline.feed.surface_records import OnboardingAnswer, Suggestion, SuggestionsAnswer
from timeline.http.page_json import DIGITS
from timeline.http.schemas import IS_WHOLE, TimelinePost

MAX_AUTHORS = 50  # of one answer
DEFAULT_AUTHORS = 10
AuthorLimit = Annotated[int, Field(ge=1, le=MAX_AUTHORS, description="authors of the answer, at most"), IS_WHOLE]
DEGRADED = "the stores that did not answer; absent when all did"


class SuggestedAuthorAnswer(BaseModel):
    """An author to follow."""

    id: str
    score: float = Field(description="comparable only within one source and run")
    reason: str = Field(
        description="liked_posts: the user liked posts of theirs; liked_alike: people who like what the user likes also"
        " like or follow them; followed_by_followed: people whom the user follows follow them; popular"
    )
    posts: int | None = Field(None, description="of liked_posts: how many the user liked")
    people: int | None = Field(
        None, description="of the other reasons: at least so many people, rounded down; absent below five"
    )


class SuggestionsPage(BaseModel):
    """Whom a user may want to follow."""

    user_id: str
    authors: list[SuggestedAuthorAnswer]
    source: Literal["personal", "popular", "everyone", "snapshot", "newest"] = Field(
        description="personal: made for the user, filled up with popular authors; popular: the same for everybody;"
        " everyone, snapshot, newest: authors of the posts that everybody is shown, for no run has published any, or"
        " Redis does not answer"
    )
    generated_at: datetime = Field(description="when the first of them was found")
    degraded: list[str] | None = Field(None, description=DEGRADED)


class OnboardingTagAnswer(BaseModel):
    """A tag."""

    tag: str
    posts: int = Field(description="recent posts that have it, as of the last run")
    examples: list[str] = Field(description="ids of some of them, each by another author")


class OnboardingPage(BaseModel):
    """What a newcomer may choose from."""

    posts: list[TimelinePost]
    tags: list[OnboardingTagAnswer]
    source: Literal["onboarding", "everyone", "snapshot", "newest"] = Field(
        description="onboarding: a spread of posts, the same for a while; everyone, snapshot, newest: the first posts"
        " of that list, for no run has published a spread, or Redis does not answer"
    )
    generated_at: datetime = Field(description="when the posts were chosen")
    degraded: list[str] | None = Field(None, description=DEGRADED)


def suggestions_json(user_id: str, answer: SuggestionsAnswer) -> dict[str, Any]:
    """`SuggestionsPage`, as it is sent."""
    return {
        "user_id": user_id,
        "authors": [_author_json(author) for author in answer.authors],
        **_head(answer),
    }


def onboarding_json(answer: OnboardingAnswer) -> dict[str, Any]:
    """`OnboardingPage`, as it is sent."""
    posts = [
        {"id": post_id, "score": round(codec.score_of(mark), DIGITS), "reason": codec.reason_of(mark)}
        for post_id, mark in zip(answer.posts.ids, answer.posts.marks, strict=True)
    ]
    tags = [{"tag": each.tag, "posts": each.posts, "examples": list(each.examples)} for each in answer.tags]
    return {"posts": posts, "tags": tags, **_head(answer)}


def _head(answer: SuggestionsAnswer | OnboardingAnswer) -> dict[str, Any]:
    at = answer.generated_at.isoformat().removesuffix("+00:00")
    degraded = {"degraded": list(answer.degraded)} if answer.degraded else {}
    return {"source": answer.source, "generated_at": f"{at}Z", **degraded}


def _author_json(author: Suggestion) -> dict[str, Any]:
    why = author.why
    told = {"posts" if why.reason is AuthorReason.LIKED_POSTS else "people": why.number} if why.number else {}
    return {"id": author.author_id, "score": round(why.score, DIGITS), "reason": why.reason.code, **told}
