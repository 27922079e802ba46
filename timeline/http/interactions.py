"""Routes for events, from the app's backend or a user's own phone: added or revoked in batches.

PostgreSQL is written first: an answer means durable. Redis is written right after it, so that the next page obeys. If
Redis is away, a batch with hides is answered with 202 and `pending`; seen posts are marked by the next heuristic run.
"""

from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Request

from shared.db.events import revoke_events
from timeline.http.answers import TOO_LARGE, Documented
from timeline.http.event_batches import add_batch, answer_to, checked_batch
from timeline.http.own_writes import MAX_OWN_EVENTS, count_writes, own_batch, own_event, writer_of
from timeline.http.printable_json import PrintableJSON
from timeline.http.routers import state_of, writer_router
from timeline.http.schemas import Batch, BatchResult

if TYPE_CHECKING:
    from timeline.state import State

PENDING: Documented = {202: {"model": BatchResult, "description": "durable; Redis is away"}}

router = writer_router(PrintableJSON, TOO_LARGE, takes_query=True, tag="events")


@router.post("/interactions", response_model=BatchResult, responses=PENDING, operation_id="addEvents")
async def add_interactions(request: Request, batch: Annotated[Batch, Body()]) -> PrintableJSON:
    """Keep up to 1,000 events: durable when this answers, and as good when repeated.

    An event is known by its `event_id`, or else by its user, post and kind, of which the first and the last time are
    kept, in whatever order they come. One that is older than events of its kind are kept is rejected
    (`created-at-too-old`).
    """
    state, user_id = state_of(request), writer_of(request)
    if user_id is None:
        return await add_batch(state, batch)
    return await add_batch(state, _own(state, batch, user_id), as_kept=own_event)


@router.delete("/interactions", response_model=BatchResult, responses=PENDING, operation_id="removeEvents")
async def remove_interactions(request: Request, batch: Annotated[Batch, Body()]) -> PrintableJSON:
    """Take events back: unlike, unhide. An event without an `event_id` takes back all of its user, post and kind."""
    state, user_id = state_of(request), writer_of(request)
    checked = checked_batch(state, batch if user_id is None else _own(state, batch, user_id))
    events = list(checked.events.values())
    revoked = await state.write(revoke_events, state.database, events)
    is_obeyed = await state.safety_updates.apply(revoked.hides)
    if revoked.events:
        state.live_updates.notify(events)
    return answer_to(checked, {}, changed=revoked.events, is_obeyed=is_obeyed)


def _own(state: "State", batch: list[object], user_id: str) -> list[object]:
    """The batch of a user's own phone, once it is sure that all of it is theirs; one that is not counts as well."""
    count_writes(state, user_id, min(max(1, len(batch)), MAX_OWN_EVENTS))
    return own_batch(batch, user_id)
