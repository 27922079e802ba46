"""The route for people without an account: recommendations from liked posts or a text, for the app's backend alone."""

import math
import time
from typing import Annotated

from fastapi import Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field

from shared.domain import RecommendBy, Source
from shared.ranked_lists.recommend_codec import MAX_LIKED, MAX_TEXT
from timeline.feed.recommendations import RecommendRequest
from timeline.http.answers import TOO_LARGE, Documented, problem
from timeline.http.page_json import MEDIA_TYPE, surface_body
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem
from timeline.http.routers import backend_router, state_of
from timeline.http.schemas import DEFAULT_LIMIT, NO_NUL, Id, Limit, RequestBody, TimelinePost, storable

SENDER = "\x01recommendations"  # who has the API key, which is one key; no user has such an id
BURST_SHARE = 6  # of a minute's requests, as many may come at once
MAX_LEFT_OUT = 1_000  # ids that one request may leave out
ANSWERS: Documented = {
    429: problem("too many of these requests lately; `Retry-After` says when to try again", "too-many-requests"),
    503: problem("too many large bodies at once; send this one again", "busy"),
    **TOO_LARGE,
}
Judged = Annotated[list[Id], Field(max_length=MAX_LIKED)]
Text = Annotated[str, Field(max_length=MAX_TEXT, json_schema_extra=NO_NUL), AfterValidator(storable)]

router = backend_router(PrintableJSON, {}, takes_query=False, tag="recommendations")


class RecommendationsRequest(RequestBody):
    """What `POST /recommendations` takes. Ids of posts that do not exist, or that nobody may see, are ignored."""

    liked: Judged = Field(default=[], description="post ids, the one that was liked last at the end")
    disliked: Judged = Field(default=[], description="post ids; one that is liked as well counts as disliked")
    text: Text = Field(default="", description="what is looked for, in any language of your captions")
    source: RecommendBy = Field(
        default=RecommendBy.HYBRID, description="how posts are chosen; the answer says how they were"
    )
    limit: Limit = DEFAULT_LIMIT
    exclude: list[Id] = Field(default=[], max_length=MAX_LEFT_OUT, description="post ids to leave out")
    user_id: Id | None = Field(default=None, description="whose blocks, mutes and preferences apply; blank: nobody's")


class RecommendedPosts(BaseModel):
    """Posts that fit; those that were named in the request are never among them."""

    posts: list[TimelinePost]
    source: RecommendBy | Source = Field(description="how they were chosen; everyone, snapshot, newest: for anybody")
    degraded: list[str] | None = Field(
        None, description="the stores that did not answer, and `ranker`; absent when all did"
    )


@router.post("/recommendations", response_model=RecommendedPosts, operation_id="getRecommendations", responses=ANSWERS)
async def post_recommendations(request: Request, body: RecommendationsRequest) -> Response:
    """Posts for somebody without an account, from what they liked or look for. Nothing of it is stored."""
    state, begun = state_of(request), time.perf_counter()
    rate = state.settings.recommend_per_minute
    wait = state.write_rates.wait(SENDER, 1, per_minute=rate, burst=max(1, rate // BURST_SHARE))
    if wait > 0:
        state.metrics.recommendations.refused()
        detail = f"recommendations are answered {rate} times a minute; send this request again later"
        raise Problem(429, "too-many-requests", detail, {"Retry-After": str(math.ceil(wait))})
    disliked = dict.fromkeys(body.disliked)
    page = await state.recommendations.recommend(
        RecommendRequest(
            liked=[post_id for post_id in dict.fromkeys(body.liked) if post_id not in disliked],
            disliked=[*disliked],
            text=body.text.strip(),
            by=body.source,
            limit=body.limit,
            exclude=body.exclude,
            user_id=body.user_id,
        )
    )
    state.metrics.recommendations.answered(page.source, time.perf_counter() - begun)
    return Response(surface_body(page.posts, source=page.source, degraded=page.degraded), media_type=MEDIA_TYPE)
