"""The schemas of problems in the OpenAPI document: one for each kind, so that clients can tell them apart by `type`."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.openapi.constants import REF_TEMPLATE

from timeline.http.answers import SLUGS
from timeline.http.problems import TYPE_PREFIX
from timeline.http.schemas import ProblemDetails

Json = dict[str, Any]
MEDIA_TYPE = "application/problem+json"
FIRST_PROBLEM = "400"  # statuses from this one on are problems, unless the route says otherwise
WRONG_FIELDS: Json = {
    "type": "array",
    "description": "what is wrong where; absent when the whole body is meant",
    "items": {
        "type": "object",
        "properties": {"where": {"type": "string"}, "expected": {"type": "string"}},
        "required": ["where", "expected"],
    },
}


def name_of(slug: str) -> str:
    """The name of the schema of one kind of problem."""
    return "".join(word.title() for word in slug.split("-")) + "Problem"


def write_problems(operations: Iterable[Json], schemas: Json) -> None:
    """Give the error answers of operations their schemas, and add these to all schemas of the document."""
    schemas[ProblemDetails.__name__] = ProblemDetails.model_json_schema()
    statuses: dict[str, set[int]] = {}
    for status, answer in _errors(operations):
        slugs = answer.pop(SLUGS, [])
        answer["content"] = {MEDIA_TYPE: {"schema": _one_of(slugs)}}
        for slug in slugs:
            statuses.setdefault(slug, set()).add(int(status))
    schemas |= {name_of(slug): _shape(slug, sorted(statuses[slug])) for slug in sorted(statuses)}


def _errors(operations: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    for operation in operations:
        for status, answer in operation["responses"].items():
            if status >= FIRST_PROBLEM and "content" not in answer:
                yield status, answer


def _one_of(slugs: list[str]) -> Json:
    """The schema of an answer that is a problem of one of these kinds."""
    refs = {slug: REF_TEMPLATE.format(model=name_of(slug)) for slug in dict.fromkeys(slugs)}
    if not refs:
        return {"$ref": REF_TEMPLATE.format(model=ProblemDetails.__name__)}
    if len(refs) == 1:
        return {"$ref": refs[slugs[0]]}
    return {
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "type", "mapping": {TYPE_PREFIX + slug: ref for slug, ref in refs.items()}},
    }


def _shape(slug: str, statuses: list[int]) -> Json:
    properties: Json = {
        "type": {"type": "string", "const": TYPE_PREFIX + slug},
        "title": {"type": "string"},
        "status": {"type": "integer", "enum": statuses},
        "detail": {"type": "string", "description": "what is wrong, and what to do"},
    }
    if slug == "invalid-request":
        properties["errors"] = WRONG_FIELDS
    return {
        "type": "object",
        "title": name_of(slug),
        "description": f"A problem (RFC 9457) of the kind `{slug}`.",
        "properties": properties,
        "required": ["type", "title", "status", "detail"],
    }
