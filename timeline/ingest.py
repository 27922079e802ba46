"""What the app's backend writes: for now the two that readers' safety hangs on, deletes and blocks.

PostgreSQL first: an answer means durable. Redis at once after it, so that the very next page obeys; if Redis is away,
the snapshot brings it there when it is back.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from shared.db.writes import delete_post, drop_block, put_block
from timeline.problems import Problem
from timeline.routes import PROBLEMS
from timeline.schemas import Id, ProblemDetails
from timeline.state import state_of

UNAVAILABLE: dict[int | str, dict[str, Any]] = {
    503: {"model": ProblemDetails, "description": "PostgreSQL does not answer; nothing was changed"}
}


def _backend_only(request: Request) -> None:
    state_of(request).doorkeeper.admit_backend(request)


router = APIRouter(
    tags=["writes"],
    dependencies=[Depends(_backend_only)],
    responses={401: PROBLEMS[401], 422: PROBLEMS[422], **UNAVAILABLE},
    default_response_class=Response,
)


@router.delete("/posts/{post_id:path}", status_code=204)
async def remove_post(request: Request, post_id: Annotated[Id, Path()]) -> Response:
    """Delete a post: it is gone from the next page that anyone asks for."""
    state = state_of(request)
    rows = await asyncio.to_thread(delete_post, state.database, post_id)
    await state.withheld.withhold_posts(rows)
    return Response(status_code=204)


@router.put("/users/{user_id}/blocks/{blocked_user_id}", status_code=204)
async def add_block(
    request: Request, user_id: Annotated[Id, Path()], blocked_user_id: Annotated[Id, Path()]
) -> Response:
    """Block: neither user sees a post of the other from the next page on."""
    if user_id == blocked_user_id:
        raise Problem(422, "self-block", "a user cannot block themselves")
    state = state_of(request)
    await asyncio.to_thread(put_block, state.database, user_id, blocked_user_id)
    await state.withheld.renew_viewers([user_id, blocked_user_id])
    return Response(status_code=204)


@router.delete("/users/{user_id}/blocks/{blocked_user_id}", status_code=204)
async def remove_block(
    request: Request, user_id: Annotated[Id, Path()], blocked_user_id: Annotated[Id, Path()]
) -> Response:
    """Take a block back."""
    state = state_of(request)
    await asyncio.to_thread(drop_block, state.database, user_id, blocked_user_id)
    await state.withheld.renew_viewers([user_id, blocked_user_id])
    return Response(status_code=204)
