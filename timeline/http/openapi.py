"""The OpenAPI document, with what FastAPI does not know: all errors are problem details."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.constants import REF_TEMPLATE
from fastapi.openapi.utils import get_openapi

from timeline.http.schemas import ProblemDetails

PROBLEM = {"application/problem+json": {"schema": {"$ref": REF_TEMPLATE.format(model=ProblemDetails.__name__)}}}
FIRST_PROBLEM = "400"  # statuses from this one on are problems, unless the route says otherwise
# Answers that are given before any route is reached.
BEFORE = {
    "413": "the body is larger than this route takes",
    "422": "the request is not what this route takes",
    "431": "path and headers are larger than 16 KB",
    "400": "the body is no JSON, or too deep",
}


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an app, built once.

    Routes only describe their problems: a model on each route would be built for each of them at every start.
    """
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        made["components"]["schemas"][ProblemDetails.__name__] = ProblemDetails.model_json_schema()
        for methods in made["paths"].values():
            for operation in methods.values():
                _name_problems(operation["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _name_problems(responses: dict[str, Any]) -> None:
    for status, what in BEFORE.items():
        responses.setdefault(status, {"description": what})
    for status, response in responses.items():
        if status >= FIRST_PROBLEM:
            response.setdefault("content", PROBLEM)
