"""The route of posts that are similar to one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from timeline.feed.similar import SimilarRequest
from timeline.http.answers import PROBLEMS, UNKNOWN_POST
from timeline.http.auth import authorization_of
from timeline.http.page_json import MEDIA_TYPE, surface_body
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem
from timeline.http.routers import state_of
from timeline.http.schemas import DEFAULT_LIMIT, Id, Limit, PathId
from timeline.http.surface_schemas import SurfacePosts

router = APIRouter(default_response_class=PrintableJSON)
WHOSE = "whose rules hold; with a JWT always those of its `sub`, with the API key a stranger's if this is blank"
_DOCUMENTED = {status: PROBLEMS[status] for status in (401, 403, 422)} | UNKNOWN_POST


@router.get(
    "/posts/{post_id}/similar",
    response_model=SurfacePosts,
    responses=_DOCUMENTED,
    tags=["timeline"],
    operation_id="getSimilarPosts",
)
async def get_similar(
    request: Request,
    post_id: PathId,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    user_id: Annotated[Id | None, Query(description=WHOSE)] = None,
) -> Response:
    """Posts that are similar to this one by photo and caption, without those that the user must not be shown."""
    state = state_of(request)
    user = state.authorizer.reader_of(authorization_of(request), user_id)
    answer = await state.similar.answer(SimilarRequest(post_id=post_id, user_id=user, limit=limit))
    if answer is None:
        raise Problem(404, "unknown-post", "there is no post of this id that the caller may see")
    return Response(surface_body(answer.posts, source=answer.source, degraded=answer.degraded), media_type=MEDIA_TYPE)
