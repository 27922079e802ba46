"""Routes for events from the app's backend: added or revoked in batches.

PostgreSQL is written first: an answer means durable. Redis is written right after it, so that the next page obeys. If
Redis is away, a batch with hides is answered with 202 and `pending`; seen posts are marked by the next heuristic run.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Request

from shared.db.events import revoke_events
from timeline.http.answers import TOO_LARGE, Documented
from timeline.http.interaction_checks import CheckedBatch, Rejection, check_events
from timeline.http.printable_json import PrintableJSON
from timeline.http.routers import backend_router, state_of
from timeline.http.schemas import Batch, BatchResult, RejectedEvent

if TYPE_CHECKING:
    from timeline.state import State

PENDING: Documented = {202: {"model": BatchResult, "description": "durable; Redis is away"}}

router = backend_router(PrintableJSON, TOO_LARGE, takes_query=True)


@router.post("/interactions", response_model=BatchResult, responses=PENDING)
async def add_interactions(request: Request, batch: Annotated[Batch, Body()]) -> PrintableJSON:
    """Keep up to 1,000 events: durable when this answers, and as good when repeated.

    An event is known by its `event_id`, or else by its user, post and kind, whose last time a repeat updates.
    """
    state = state_of(request)
    checked = _checked(state, batch)
    indices = list(checked.events)
    taken = await state.intake.add([checked.events[index] for index in indices])
    refused = {indices[index]: Rejection(reason) for index, reason in taken.stored.refused.items()}
    return _answer(checked, refused, changed=taken.stored.new, is_obeyed=taken.is_obeyed)


@router.delete("/interactions", response_model=BatchResult, responses=PENDING)
async def remove_interactions(request: Request, batch: Annotated[Batch, Body()]) -> PrintableJSON:
    """Take events back: unlike, unhide. An event without an `event_id` takes back all of its user, post and kind."""
    state = state_of(request)
    checked = _checked(state, batch)
    events = list(checked.events.values())
    revoked = await state.write(revoke_events, state.database, events)
    is_obeyed = await state.safety_updates.apply(revoked.hides)
    return _answer(checked, {}, changed=revoked.events, is_obeyed=is_obeyed)


def _checked(state: "State", batch: Sequence[object]) -> CheckedBatch:
    return check_events(batch, now=datetime.now(UTC), keys=state.signing_keys)


def _answer(checked: CheckedBatch, refused: Mapping[int, Rejection], *, changed: int, is_obeyed: bool) -> PrintableJSON:
    left_out = {**checked.rejected, **refused}
    fields = checked.unknown_fields
    rejected = [
        RejectedEvent(index=index, reason=left_out[index], field=fields.get(index)) for index in sorted(left_out)
    ]
    unchanged = len(checked.events) - len(refused) - changed
    pending = None if is_obeyed else True
    answer = BatchResult(accepted=changed, duplicates=unchanged, rejected=rejected, pending=pending)
    return PrintableJSON(answer.model_dump(exclude_none=True), status_code=200 if is_obeyed else 202)
