"""Stores a request's batch of events, and what it is answered: by the route and by the fast path."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.db.events import Event
from timeline.http.interaction_checks import CheckedBatch, Rejection, check_events
from timeline.http.printable_json import PrintableJSON
from timeline.http.schemas import BatchResult, RejectedEvent

if TYPE_CHECKING:
    from timeline.state import State


async def add_batch(
    state: "State", batch: Sequence[object], *, as_kept: Callable[[Event], Event] | None = None
) -> PrintableJSON:
    """Keep the events of a request, and answer it.

    Args:
        state: of the process.
        batch: the events.
        as_kept: changes each checked event; None: none is.

    Raises:
        StoreUnavailable, SourceError: a store does not answer.
    """
    now = datetime.now(UTC)
    checked = check_events(batch, now=now, keys=state.signing_keys, kept_since=state.retention.kept_since(now))
    indices, events = list(checked.events), [*checked.events.values()]
    taken = await state.intake.add(events if as_kept is None else [*map(as_kept, events)])
    refused = {indices[index]: Rejection(reason) for index, reason in taken.stored.refused.items()}
    return answer_to(checked, refused, changed=taken.stored.new, is_obeyed=taken.is_obeyed)


def checked_batch(state: "State", batch: Sequence[object]) -> CheckedBatch:
    """The events of a request, each checked by itself. Those to be taken back may be older than events are kept."""
    return check_events(batch, now=datetime.now(UTC), keys=state.signing_keys)


def answer_to(
    checked: CheckedBatch, refused: Mapping[int, Rejection], *, changed: int, is_obeyed: bool
) -> PrintableJSON:
    """How many events were new, and which were left out.

    Args:
        checked: the request's events.
        refused: those that were left out when they were to be stored, by index.
        changed: how many were new, or taken back.
        is_obeyed: every process obeys the hides among them from its next page on.
    """
    left_out = {**checked.rejected, **refused}
    fields = checked.unknown_fields
    rejected = [
        RejectedEvent(index=index, reason=left_out[index], field=fields.get(index)) for index in sorted(left_out)
    ]
    unchanged = len(checked.events) - len(refused) - changed
    pending = None if is_obeyed else True
    answer = BatchResult(accepted=changed, duplicates=unchanged, rejected=rejected, pending=pending)
    return PrintableJSON(answer.model_dump(exclude_none=True), status_code=200 if is_obeyed else 202)
