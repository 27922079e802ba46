"""The answer to an act that pages must obey, and how the OpenAPI document describes it."""

from typing import TYPE_CHECKING

from fastapi.responses import Response

from timeline.http.answers import Documented
from timeline.http.printable_json import PrintableJSON
from timeline.http.schemas import ActPending

if TYPE_CHECKING:
    from shared.db.safety_outbox import SafetyChange
    from timeline.state import State

ERASED: Documented = {409: {"description": "the user was erased, which nothing undoes"}}
REFUSED_SAY: Documented = {
    409: {"description": "a user was erased or a post deleted, or the user has the most entries that anybody may"}
}
REFUSED_FOLLOW: Documented = {
    409: {"description": "a user was erased, or the user follows as many authors as anybody may"}
}
PENDING: Documented = {202: {"model": ActPending, "description": "durable; Redis is away"}}


async def obeyed(state: "State", change: "SafetyChange") -> Response:
    """204 if every process obeys from its next page on, else 202."""
    if await state.safety_updates.apply(change):
        return Response(status_code=204)
    return PrintableJSON(ActPending().model_dump(), status_code=202)
