"""The route with which the app's backend answers a person who asks for their data.

The answer is streamed: a long history is never in memory whole. An answer that breaks off is no JSON, so that nobody
takes a part of the data for all of them.
"""

import time

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.errors import ExportRefused, WarmlineError
from shared.logs import log_event, log_trouble
from timeline.http.answers import BROKEN, Documented, problem
from timeline.http.methods import IS_HEAD
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import Problem
from timeline.http.routers import backend_router, state_of
from timeline.http.schemas import PathId
from timeline.stores.user_exports import TooManyExports, UserExport

KEY_NAME = "API key"  # what the audit calls the bearer of WARMLINE_API_KEY
MEDIA_TYPE = "application/json"
ANSWERS: Documented = {
    200: {
        "description": "all that is held; streamed, and whole when the JSON is",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/UserData"}}},
    },
    404: problem("nothing is held about this user", "user-unknown"),
    409: problem("the user is being erased", "erasure-under-way"),
    410: problem("the user was erased", "user-erased"),
    **BROKEN,
}
BUSY: Documented = {503: problem("a store does not answer, or too many exports at once", "store-unavailable", "busy")}

router = backend_router(PrintableJSON, ANSWERS, takes_query=True, tag="data")


@router.get("/users/{user_id}/data", response_model=None, operation_id="getUserData", responses=BUSY)
async def get_user_data(request: Request, user_id: PathId) -> Response:
    """All that is held about one person, and nothing of anybody else; `missing` names what could not be read."""
    is_head = IS_HEAD in request.scope
    try:
        export = await state_of(request).exports.begin(user_id, audited_as=None if is_head else KEY_NAME)
    except TooManyExports:
        detail = "too many exports at once; send this request again"
        raise Problem(503, "busy", detail, {"Retry-After": "5"}) from None
    except ExportRefused as refused:
        raise _problem(refused) from refused
    if is_head:
        export.close()
        return StreamingResponse(iter(()), media_type=MEDIA_TYPE)
    return ExportResponse(export)


class ExportResponse(StreamingResponse):
    """Sends an export, and closes it whatever happens."""

    def __init__(self, export: UserExport) -> None:
        super().__init__(export, media_type=MEDIA_TYPE)
        self._export = export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. After an error the answer stays without its end, and the server ends the connection."""
        begun, trouble = time.monotonic(), "the client left, or did not read"
        try:
            await super().__call__(scope, receive, send)
        except WarmlineError as error:
            trouble = str(error)
        finally:
            self._export.close()
        seconds = time.monotonic() - begun
        if self._export.is_whole:
            log_event("timeline.export", seconds=seconds)
        else:
            log_trouble("timeline.export_broken", reason=trouble, seconds=seconds)


def _problem(refused: ExportRefused) -> Problem:
    match refused.reason:
        case "erasure-under-way":
            return Problem(409, "erasure-under-way", str(refused))
        case "user-erased":
            return Problem(410, "user-erased", str(refused))
        case _:
            return Problem(404, "user-unknown", str(refused))
