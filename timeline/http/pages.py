"""Routes for the app (pages of a user's timeline) and for the platform (health, metrics)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from shared.preferences.words import folded_tag
from shared.ranked_lists.cursor import CursorOfAnotherMode, ForgedCursor
from timeline.feed.records import PageRequest
from timeline.http.answers import PROBLEMS, Documented, problem
from timeline.http.auth import authorization_of
from timeline.http.methods import IS_HEAD
from timeline.http.page_json import MEDIA_TYPE, page_body
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem
from timeline.http.request_log import PAGES
from timeline.http.routers import state_of
from timeline.http.schemas import (
    DEFAULT_LIMIT,
    CursorText,
    HealthAnswer,
    Limit,
    ModeName,
    PathId,
    Readiness,
    RequestId,
    TagText,
    TimelinePage,
    TimelineRequest,
)
from timeline.metrics import CONTENT_TYPE

BUSY: Documented = {503: problem("too many large bodies at once; send this one again", "busy")}
OF_PAGES = PROBLEMS | {
    400: problem(
        "the cursor is not one that this service gave to this user, or of another mode or tag", "invalid-cursor",
        "cursor-of-another-mode",
    ),
    422: problem("the request is not what this route takes", "invalid-request", "tag-needs-mode"),
}  # fmt: skip

router = APIRouter(default_response_class=PrintableJSON)


@router.get(
    "/timeline/{user_id}", response_model=TimelinePage, responses=OF_PAGES, tags=["timeline"],
    operation_id="getTimeline",
)  # fmt: skip
async def get_timeline(
    request: Request,
    user_id: PathId,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[CursorText | None, Query()] = None,
    mode: Annotated[ModeName | None, Query()] = None,
    tag: Annotated[TagText | None, Query()] = None,
    request_id: Annotated[RequestId | None, Query()] = None,
) -> Response:
    """A page of a user's timeline: the first one, or the one that a cursor leads to."""
    wanted = PageRequest(
        user_id=user_id, limit=limit, cursor=cursor, request_id=request_id, mode=mode, tag=_folded(tag)
    )
    return await _answer(request, wanted)


@router.post(
    "/timeline", response_model=TimelinePage, responses=OF_PAGES | BUSY, tags=["timeline"],
    operation_id="postTimeline",
)  # fmt: skip
async def post_timeline(request: Request, body: TimelineRequest) -> Response:
    """The same page, for clients that send a body; `exclude` leaves posts out of this page."""
    wanted = PageRequest(
        user_id=body.user_id, limit=body.limit, cursor=body.cursor, exclude=frozenset(body.exclude), mode=body.mode,
        tag=_folded(body.tag), request_id=body.request_id,
    )  # fmt: skip
    return await _answer(request, wanted)


@router.get("/healthz", response_model=HealthAnswer, tags=["platform"], operation_id="getHealth")
async def get_health() -> HealthAnswer:
    """Alive: the process runs and answers."""
    return HealthAnswer()


@router.get(
    "/readyz", response_model=Readiness, responses={503: {"model": Readiness}}, tags=["platform"],
    operation_id="getReadiness",
)  # fmt: skip
async def get_readiness(request: Request) -> PrintableJSON:
    """Ready: both stores answer and everyone's list is there. A process that is not ready still serves pages."""
    snapshot = state_of(request).snapshot
    missing = dict(snapshot.missing)
    if snapshot.everyone is None:
        missing["lists"] = "nothing was published yet; has the heuristic run?"
    if snapshot.foreign_file is not None:
        missing["snapshot"] = "the file belongs to another installation, and is neither read nor written; see the log"
    status = 503 if missing else 200
    return PrintableJSON({"status": "degraded" if missing else "ready", "missing": missing}, status_code=status)


@router.get("/metrics", response_class=PlainTextResponse, tags=["platform"], operation_id="getMetrics")
async def get_metrics(request: Request) -> Response:
    """Metrics of this process, as Prometheus reads them."""
    return Response(state_of(request).metrics.text(), media_type=CONTENT_TYPE)


async def _answer(request: Request, wanted: PageRequest) -> Response:
    state = state_of(request)
    state.authorizer.admit_reader(authorization_of(request), wanted.user_id)
    if wanted.tag is not None and wanted.cursor is None and not wanted.has_mode:
        raise Problem(422, "tag-needs-mode", "for_you has no tags: ask with mode=explore, latest or following")
    try:
        if request.scope.get(IS_HEAD):  # no posts are shown, so none are marked as seen
            state.feed.require_own_cursor(wanted)
            return _without_length(Response(media_type=MEDIA_TYPE))
        page = await state.feed.page(wanted)
    except ForgedCursor as error:
        detail = "the cursor is not one that this service gave to this user; ask for a first page without a cursor"
        raise Problem(400, "invalid-cursor", detail) from error
    except CursorOfAnotherMode as error:
        detail = (
            f"the cursor leads to a page of mode={error.mode.value}, perhaps of another tag; leave mode and tag out,"
            " or ask for a first page without a cursor"
        )
        raise Problem(400, "cursor-of-another-mode", detail) from error
    request.scope[PAGES].append(page)
    return Response(page_body(page), media_type=MEDIA_TYPE)


def _folded(tag: str | None) -> str | None:
    return None if tag is None else folded_tag(tag)


def _without_length(response: Response) -> Response:
    del response.headers["content-length"]  # it would be that of the page
    return response
