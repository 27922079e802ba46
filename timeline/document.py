"""The OpenAPI document, where it must say more than FastAPI knows: errors are problems, whoever answers them."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM_TYPE = "application/problem+json"
PROBLEM_SCHEMA = {"$ref": "#/components/schemas/ProblemDetails"}
# What is answered before any route is reached.
BEFORE = {
    "413": "the body is larger than 1 MB",
    "422": "the request is not what this route takes",
    "431": "path and headers are larger than 16 KB",
    "400": "the body is no JSON, or too deep",
}


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an app, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for methods in made["paths"].values():
            for operation in methods.values():
                _name_problems(operation["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _name_problems(responses: dict[str, Any]) -> None:
    for status, what in BEFORE.items():
        problem = {"application/json": {"schema": PROBLEM_SCHEMA}}
        responses.setdefault(status, {"description": what, "content": problem})
    for response in responses.values():
        content = response.get("content", {})
        if content.get("application/json", {}).get("schema") == PROBLEM_SCHEMA:
            response["content"] = {PROBLEM_TYPE: content["application/json"]}
