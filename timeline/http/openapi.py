"""The OpenAPI document, with what FastAPI does not know: tokens, kinds of problems, and shapes of streamed answers."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.constants import REF_TEMPLATE
from fastapi.openapi.utils import get_openapi

from shared.operations.exported_data import UserData
from timeline.http.answers import SLUGS, problem
from timeline.http.callers import TOKENS, USER, WRITES_OF_USERS, callers_of
from timeline.http.problem_shapes import Json, write_problems
from timeline.http.schemas import InteractionEvent

# Answers that are given before any route is reached.
BEFORE = {
    "413": problem("the body is larger than this route takes", "body-too-large"),
    "422": problem("the request is not what this route takes", "invalid-request"),
    "431": problem("path and query are larger than 4 KB, or the head is larger than 16 KB", "headers-too-large"),
    "400": problem("the body is no JSON, or too deep", "bad-request"),
}
OF_BODIES = {"400": ["bad-request", "body-too-deep"], "503": ["busy"]}
WRITES_BY_USERS = "A user's JWT is admitted only where `WARMLINE_JWT_WRITES` is on, and for that user's own."
OF_USERS = {
    "403": problem("the token is another user's", "another-user"),
    "429": problem(
        "the user has sent too much lately; `Retry-After` says for how many seconds to wait", "too-many-writes"
    ),
}


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an app, built once; no setting changes it.

    Routes only describe their problems: a model on each route would be built for each of them at every start.
    """
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas, operations = made["components"]["schemas"], _operations(made)
        _, exported = msgspec.json.schema_components([UserData], ref_template=REF_TEMPLATE.format(model="{name}"))
        schemas |= exported
        schemas |= _event_shapes()
        for operation in operations:
            _secure(operation)
            _complete(operation)
        write_problems(operations, schemas)
        made["components"]["securitySchemes"] = {
            name: {"type": "http", "scheme": "bearer", "description": says} for name, says in TOKENS.items()
        }
        made["components"]["securitySchemes"][USER]["bearerFormat"] = "JWT"
        app.openapi_schema = made
    return app.openapi_schema


def _operations(made: Json) -> list[Json]:
    return [operation for methods in made["paths"].values() for operation in methods.values()]


def _event_shapes() -> Json:
    """The items of a batch: of any shape for FastAPI, so that a bad one does not reject the others."""
    shape = InteractionEvent.model_json_schema(ref_template=REF_TEMPLATE)
    shapes: Json = shape.pop("$defs")
    return shapes | {InteractionEvent.__name__: shape}


def _secure(operation: Json) -> None:
    """Which tokens open it, and the problem of one that is none of them."""
    tags = operation.get("tags", [])
    callers = callers_of(tags)
    operation["security"] = [{name: []} for name in callers]
    if USER in callers:
        operation["responses"]["401"][SLUGS] = ["unauthorized", "token-expired"]
    if not WRITES_OF_USERS.isdisjoint(tags):
        operation["description"] = f"{operation['description']}\n\n{WRITES_BY_USERS}"
        operation["responses"] |= {status: dict(said) for status, said in OF_USERS.items()}


def _complete(operation: Json) -> None:
    """Add what is answered before the route is reached, and those of its problems that any body may raise."""
    responses = operation["responses"]
    for status, said in BEFORE.items():
        responses.setdefault(status, dict(said))
    for status, slugs in (OF_BODIES if "requestBody" in operation else {"400": ["bad-request"]}).items():
        known = responses.get(status, {}).get(SLUGS)
        if known is not None:
            responses[status][SLUGS] = [*dict.fromkeys([*known, *slugs])]
