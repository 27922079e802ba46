"""Routes for users, posts, blocks, mutes, follows and takedowns from the app's backend, and for the erasure of a user.

PostgreSQL is written first: an answer means durable. Redis is written right after it. 204 means that every process
obeys from its next page on; 202 with `pending`, that Redis is away and is written when it is back.
"""

from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Request
from fastapi.responses import Response

from shared.db.erasure import erase_user
from shared.db.follows import drop_follow, put_follow
from shared.db.mutes import drop_mute, put_mute
from shared.db.safety import next_safety_version
from shared.db.takedown_acts import hide_post, reinstate_user, show_post, suspend_user
from shared.db.writes import PostWrite, delete_post, drop_block, put_block, put_post, put_user
from timeline.http.answers import BROKEN, TOO_LARGE, Documented, problem
from timeline.http.obeyed import ERASED, PENDING, REFUSED_FOLLOW, REFUSED_SAY, obeyed
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem
from timeline.http.routers import backend_router, state_of
from timeline.http.schemas import ActPending, ErasureUnderWay, MutePut, PathId, PostPut, UserPut

if TYPE_CHECKING:
    from shared.db.safety_outbox import SafetyChange
    from timeline.state import State

READ_ONLY: Documented = {
    409: problem("the relation is a view, or the user was erased", "relation-is-a-view", "user-erased")
}
FIXED: Documented = {
    409: problem(
        "the relation is a view, the post was deleted or is another author's, or its author was erased",
        "relation-is-a-view", "post-deleted", "post-is-fixed", "user-erased",
    )
}  # fmt: skip
DELETED: Documented = {409: problem("the post was deleted, which nothing undoes", "post-deleted")}
SELF_BLOCK: Documented = {422: problem("the request is not what this route takes", "invalid-request", "self-block")}
SELF_FOLLOW: Documented = {422: problem("the request is not what this route takes", "invalid-request", "self-follow")}
SELF_MUTE: Documented = {422: problem("the request is not what this route takes", "invalid-request", "self-mute")}

router = backend_router(Response, {}, takes_query=False)


@router.put(
    "/users/{user_id}/blocks/{blocked_user_id}", status_code=204, responses={**ERASED, **PENDING, **SELF_BLOCK},
    operation_id="blockUser",
)  # fmt: skip
async def add_block(request: Request, user_id: PathId, blocked_user_id: PathId) -> Response:
    """Block: neither user sees a post of the other from the next page on."""
    if user_id == blocked_user_id:
        raise Problem(422, "self-block", "a user cannot block themselves")
    state = state_of(request)
    return await _filled_up(state, await state.act(put_block, state.acts_database, user_id, blocked_user_id))


@router.delete(
    "/users/{user_id}/blocks/{blocked_user_id}", status_code=204, responses=PENDING, operation_id="unblockUser"
)
async def remove_block(request: Request, user_id: PathId, blocked_user_id: PathId) -> Response:
    """Take a block back."""
    state = state_of(request)
    return await _filled_up(state, await state.act(drop_block, state.acts_database, user_id, blocked_user_id))


@router.put(
    "/users/{user_id}/mutes/{muted_user_id}", status_code=204, operation_id="muteUser",
    responses={**REFUSED_SAY, **PENDING, **TOO_LARGE, **SELF_MUTE},
)  # fmt: skip
async def add_mute(
    request: Request, user_id: PathId, muted_user_id: PathId, body: Annotated[MutePut | None, Body()] = None
) -> Response:
    """Mute an author: the user sees none of their posts from the next page on; the author notices nothing."""
    if user_id == muted_user_id:
        raise Problem(422, "self-mute", "a user cannot mute themselves")
    state, ends = state_of(request), body.expires_at if body else None
    change = await state.act(put_mute, state.acts_database, user_id, muted_user_id, expires_at=ends)
    return await _filled_up(state, change)


@router.delete("/users/{user_id}/mutes/{muted_user_id}", status_code=204, responses=PENDING, operation_id="unmuteUser")
async def remove_mute(request: Request, user_id: PathId, muted_user_id: PathId) -> Response:
    """Take a mute back; one in your own view stays."""
    state = state_of(request)
    return await _filled_up(state, await state.act(drop_mute, state.acts_database, user_id, muted_user_id))


@router.put(
    "/users/{user_id}/follows/{author_id}", status_code=204, responses={**REFUSED_FOLLOW, **SELF_FOLLOW, **PENDING},
    operation_id="followAuthor",
)  # fmt: skip
async def add_follow(request: Request, user_id: PathId, author_id: PathId) -> Response:
    """Follow an author: in `mode=following` from the next page on, in the user's other lists within seconds."""
    if user_id == author_id:
        raise Problem(422, "self-follow", "a user cannot follow themselves: their own posts never appear")
    state = state_of(request)
    await state.write(put_follow, state.database, user_id, author_id)
    return await _followed(state, user_id)


@router.delete(
    "/users/{user_id}/follows/{author_id}", status_code=204, responses=PENDING, operation_id="unfollowAuthor"
)
async def remove_follow(request: Request, user_id: PathId, author_id: PathId) -> Response:
    """Take a follow back; one in your own view stays."""
    state = state_of(request)
    await state.write(drop_follow, state.database, user_id, author_id)
    return await _followed(state, user_id)


@router.put("/users/{user_id}", status_code=204, responses={**READ_ONLY, **TOO_LARGE}, operation_id="putUser")
async def write_user(request: Request, user_id: PathId, body: Annotated[UserPut | None, Body()] = None) -> Response:
    """Write a user; the body may be left out."""
    state = state_of(request)
    await state.write(put_user, state.database, user_id, created_at=body.created_at if body else None)
    return Response(status_code=204)


@router.delete(
    "/users/{user_id}", status_code=204, responses={202: {"model": ErasureUnderWay}, **BROKEN}, operation_id="eraseUser"
)
async def erase(request: Request, user_id: PathId) -> Response:
    """Erase a user and their posts for good: 204 when all is gone, 202 when the last traces go by themselves soon."""
    state = state_of(request)
    erasure = await state.write(erase_user, state.database, user_id)
    if await state.safety_updates.forget_user(erasure):
        return Response(status_code=204)
    return PrintableJSON(ErasureUnderWay().model_dump(), status_code=202)


@router.put("/posts/{post_id}", status_code=204, responses={**FIXED, **TOO_LARGE}, operation_id="putPost")
async def write_post(request: Request, post_id: PathId, body: PostPut) -> Response:
    """Write a post that anyone may see; the next run of a job ranks it."""
    state = state_of(request)
    post = PostWrite(post_id=post_id, **body.model_dump())
    await state.write(put_post, state.database, post)
    return Response(status_code=204)


@router.delete("/posts/{post_id}", status_code=204, responses=PENDING, operation_id="deletePost")
async def remove_post(request: Request, post_id: PathId) -> Response:
    """Delete a post: it is gone from the next page that anyone asks for."""
    state = state_of(request)
    return await obeyed(state, await state.act(delete_post, state.acts_database, post_id))


@router.put("/posts/{post_id}/hidden", status_code=204, responses={**DELETED, **PENDING}, operation_id="hidePost")
async def take_post_down(request: Request, post_id: PathId) -> Response:
    """Hide a post from everybody from the next page on, until it is shown again; a post that comes later, too."""
    state = state_of(request)
    return await obeyed(state, await state.act(hide_post, state.acts_database, post_id))


@router.delete("/posts/{post_id}/hidden", status_code=204, responses={**DELETED, **PENDING}, operation_id="showPost")
async def bring_post_back(request: Request, post_id: PathId) -> Response:
    """Show a hidden post again; it is ranked from the next run of a job on."""
    state = state_of(request)
    return await obeyed(state, await state.act(show_post, state.acts_database, post_id))


@router.put("/users/{user_id}/suspended", status_code=204, responses={**ERASED, **PENDING}, operation_id="suspendUser")
async def suspend(request: Request, user_id: PathId) -> Response:
    """Withhold all posts of a user from the next page on, also later ones; their events raise nothing meanwhile."""
    state = state_of(request)
    return await obeyed(state, await state.act(suspend_user, state.acts_database, user_id))


@router.delete(
    "/users/{user_id}/suspended", status_code=204, responses={**ERASED, **PENDING}, operation_id="reinstateUser"
)
async def reinstate(request: Request, user_id: PathId) -> Response:
    """End a suspension by this API; a user whom the view of users calls suspended stays so."""
    state = state_of(request)
    return await obeyed(state, await state.act(reinstate_user, state.acts_database, user_id))


async def _filled_up(state: "State", change: "SafetyChange") -> Response:
    """The answer to an act; the lists of the users from whom it withholds something are filled up soon."""
    answer = await obeyed(state, change)
    state.live_updates.notify_of(change.user_ids)
    return answer


async def _followed(state: "State", user_id: str) -> Response:
    """The answer to a change of whom a user follows; without Redis, its copy may be used for a minute."""
    version = await state.write(next_safety_version, state.database)
    state.live_updates.notify_of([user_id])
    if await state.followed.keep_unknown(user_id, version):
        return Response(status_code=204)
    return PrintableJSON(ActPending().model_dump(), status_code=202)
