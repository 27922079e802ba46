"""The OpenAPI document, with what FastAPI does not know: all errors are problem details."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.constants import REF_TEMPLATE
from fastapi.openapi.utils import get_openapi

from shared.operations.exported_data import UserData
from timeline.http.schemas import ProblemDetails

PROBLEM = {"application/problem+json": {"schema": {"$ref": REF_TEMPLATE.format(model=ProblemDetails.__name__)}}}
FIRST_PROBLEM = "400"  # statuses from this one on are problems, unless the route says otherwise
# Which token a route wants, by its tag; routes of other tags want none.
TOKENS = {
    "timeline": ("reader", "the user's JWT (`WARMLINE_JWT_KEY`), or the API key"),
    "writes": ("backend", "the API key (`WARMLINE_API_KEY`), which stays in the app's backend"),
    "preferences": ("backend", "the API key (`WARMLINE_API_KEY`), which stays in the app's backend"),
    "data": ("backend", "the API key (`WARMLINE_API_KEY`), which stays in the app's backend"),
    "admin": ("operator", "the admin token (`WARMLINE_ADMIN_TOKEN`)"),
}
# Answers that are given before any route is reached.
BEFORE = {
    "413": "the body is larger than this route takes",
    "422": "the request is not what this route takes",
    "431": "path and query are larger than 4 KB, or the head is larger than 16 KB",
    "400": "the body is no JSON, or too deep",
}


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an app, built once.

    Routes only describe their problems: a model on each route would be built for each of them at every start.
    """
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, exported = msgspec.json.schema_components([UserData], ref_template=REF_TEMPLATE.format(model="{name}"))
        made["components"]["schemas"] |= exported
        made["components"]["schemas"][ProblemDetails.__name__] = ProblemDetails.model_json_schema()
        made["components"]["securitySchemes"] = {
            name: {"type": "http", "scheme": "bearer", "description": says} for name, says in TOKENS.values()
        }
        for methods in made["paths"].values():
            for operation in methods.values():
                _name_problems(operation["responses"])
                operation["security"] = [{TOKENS[tag][0]: []} for tag in operation.get("tags", ()) if tag in TOKENS]
        app.openapi_schema = made
    return app.openapi_schema


def _name_problems(responses: dict[str, Any]) -> None:
    for status, what in BEFORE.items():
        responses.setdefault(status, {"description": what})
    for status, response in responses.items():
        if status >= FIRST_PROBLEM:
            response.setdefault("content", PROBLEM)
