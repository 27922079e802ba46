"""The answer to an act that pages must obey, and how the OpenAPI document describes it."""

from typing import TYPE_CHECKING

from fastapi.responses import Response

from timeline.http.answers import Documented, problem
from timeline.http.printable_json import PrintableJSON
from timeline.http.schemas import ActPending

if TYPE_CHECKING:
    from shared.db.safety_outbox import SafetyChange
    from timeline.state import State

ERASED: Documented = {409: problem("the user was erased, which nothing undoes", "user-erased")}
REFUSED_SAY: Documented = {
    409: problem(
        "a user was erased or a post deleted, or the user has the most entries that anybody may",
        "user-erased", "post-deleted", "too-many-preferences",
    )
}  # fmt: skip
REFUSED_FOLLOW: Documented = {
    409: problem(
        "a user was erased, or the user follows as many authors as anybody may", "user-erased", "too-many-follows"
    )
}  # fmt: skip
PENDING: Documented = {202: {"model": ActPending, "description": "durable; Redis is away"}}


async def obeyed(state: "State", change: "SafetyChange") -> Response:
    """204 if every process obeys from its next page on, else 202."""
    if await state.safety_updates.apply(change):
        return Response(status_code=204)
    return PrintableJSON(ActPending().model_dump(), status_code=202)
