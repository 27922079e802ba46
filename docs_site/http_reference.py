"""The HTTP interface, made from the OpenAPI document of the timeline's app."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docs_site.markdown import code, table
from shared.settings import (
    HeuristicSettings,
    ListSettings,
    ModelSettings,
    NewPostSettings,
    StoreSettings,
    WindowSettings,
)
from timeline.app import create_app
from timeline.http.problem_shapes import MEDIA_TYPE as PROBLEM_TYPE
from timeline.http.problem_shapes import name_of
from timeline.http.problems import TYPE_PREFIX
from timeline.settings import TimelineSettings
from timeline.state import AllSettings

ROOT = Path(__file__).parents[1]
Json = dict[str, Any]
# Which token opens the routes of a tag; a tag that is missing here ends the build.
TOKENS = {
    "timeline": ("Pages", "the API key, or the JWT of the user whose page it is"),
    "onboarding": ("Onboarding", "the API key"),
    "events": (
        "Events",
        "the API key; where `WARMLINE_JWT_WRITES` is on, also the JWT of the user whose events they are",
    ),
    "writes": ("Writes of your backend", "the API key"),
    "preferences": (
        "What a viewer says",
        "the API key; where `WARMLINE_JWT_WRITES` is on, also the JWT of the user who says it",
    ),
    "recommendations": ("Recommendations", "the API key"),
    "data": ("A person's data", "the API key"),
    "admin": ("Operator", "the admin token"),
    "platform": ("Platform", "no token"),
}
UNSAID = ("Successful Response", "Accepted", "Service Unavailable")  # descriptions that FastAPI makes itself
# Where a kind of problem is named in the code, with its status where that stands beside it.
PROBLEM = re.compile(r'(?:Problem|problem_response)\(\s*(\d{3}), "([a-z-]+)"')
CONFLICT = re.compile(r'WriteRefused\(\s*"([a-z-]+)"')


@cache
def document() -> Json:
    """The OpenAPI document; nothing is connected, and no setting changes it."""
    stores = StoreSettings.model_validate({"database_url": "postgresql://host/db", "redis_url": "redis://host"})
    settings = AllSettings(
        timeline=TimelineSettings.model_validate({"env": "dev"}),
        stores=stores,
        lists=ListSettings(),
        window=WindowSettings(),
        formula=HeuristicSettings(),
        new_posts=NewPostSettings(),
        model=ModelSettings(),
    )
    return create_app(settings).openapi()


def route_reference() -> str:
    """One part for each tag, one section for each route."""
    routes = list(_routes(document()))
    common = _common(routes)
    parts = [table(("status", "of every route"), sorted(common))]
    unknown = {operation["tags"][0] for _, operation in routes} - TOKENS.keys()
    if unknown:
        raise ValueError(f"routes with the tag {unknown.pop()!r}: TOKENS does not say which token opens them")
    for tag, (title, token) in TOKENS.items():
        sections = [_route(name, operation, common) for name, operation in routes if operation["tags"][0] == tag]
        parts.append("\n\n".join([f"## {title}", f"Token: {token}.", *sections]))
    return "\n\n".join(parts)


def shape_reference() -> str:
    """The bodies of requests and answers; problems have their own table."""
    shapes = document()["components"]["schemas"]
    problems = {name_of(slug) for slug in _documented()}
    return "\n\n".join(_shape(name, shape) for name, shape in shapes.items() if name not in problems)


def problem_reference() -> str:
    """Each kind of problem with its statuses and its schema; one that no route documents has none."""
    in_code, documented = _statuses(), _documented()
    rows = [
        (
            code(TYPE_PREFIX + slug),
            ", ".join(sorted(in_code.get(slug, set()) | documented.get(slug, set()))),
            code(name_of(slug)) if slug in documented else "",
        )
        for slug in in_code.keys() | documented.keys()
    ]
    return table(("type", "status", "schema"), sorted(rows, key=lambda row: (row[1], row[0])))


def _documented() -> dict[str, set[str]]:
    """The statuses of each kind of problem that some route documents."""
    types = [
        shape.get("properties", {}).get("type", {})
        | {"statuses": shape["properties"].get("status", {}).get("enum", [])}
        for shape in document()["components"]["schemas"].values()
        if "properties" in shape
    ]
    return {
        each["const"].removeprefix(TYPE_PREFIX): set(map(str, each["statuses"]))
        for each in types
        if str(each.get("const", "")).startswith(TYPE_PREFIX)
    }


def _statuses() -> dict[str, set[str]]:
    """The statuses of each kind of problem, as the code names them."""
    statuses: dict[str, set[str]] = {}
    for path in sorted([*ROOT.glob("timeline/**/*.py"), *ROOT.glob("shared/**/*.py")]):
        source = path.read_text(encoding="utf-8")
        for status, slug in PROBLEM.findall(source):
            statuses.setdefault(slug, set()).add(status)
        for slug in CONFLICT.findall(source):
            statuses.setdefault(slug, set()).add("409")
    return statuses


def _routes(made: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _route(name: str, operation: Json, common: set[tuple[str, str]]) -> str:
    parts = [f"### `{name}`", operation["description"]]
    parameters = [
        (code(each["name"]), each["in"], *_field(each["schema"], each.get("description", "")))
        for each in operation.get("parameters", [])
    ]
    if parameters:
        parts.append(table(("parameter", "in", "type", "meaning"), parameters))
    if "requestBody" in operation:
        parts.append("Body: " + _content(operation["requestBody"]))
    answers = operation["responses"].items()
    rows = [
        _answer(status, answer) for status, answer in sorted(answers) if (status, answer["description"]) not in common
    ]
    return "\n\n".join([*parts, table(("status", "body", "when"), rows)])


def _common(routes: Iterable[tuple[str, Json]]) -> set[tuple[str, str]]:
    """Answers that every route may give: they are listed once."""
    return set.intersection(
        *[
            {(status, answer["description"]) for status, answer in operation["responses"].items()}
            for _, operation in routes
        ]
    )


def _answer(status: str, answer: Json) -> tuple[str, str, str]:
    when = answer["description"]
    problems = answer.get("content", {}).get(PROBLEM_TYPE, {}).get("schema")
    if problems is not None:
        body = ", ".join(code(slug) for slug in _slugs(problems))
    else:
        body = _content(answer) if "content" in answer else ""
    return status, body, "" if when in UNSAID else when


def _slugs(schema: Json) -> list[str]:
    """The kinds of problems that a schema allows."""
    names = [each["$ref"].rpartition("/")[2] for each in schema.get("oneOf", [schema])]
    shapes = document()["components"]["schemas"]
    return [shapes[name]["properties"]["type"]["const"].removeprefix(TYPE_PREFIX) for name in names]


def _content(holder: Json) -> str:
    (media, found), *_ = holder["content"].items()
    shape = _type(found.get("schema", {}))
    return shape if media == "application/json" else f"{shape} ({code(media)})" if shape != "any" else code(media)


def _shape(name: str, shape: Json) -> str:
    parts = [f"### {name}", shape.get("description", "")]
    if "enum" in shape:
        return "\n\n".join([*parts, "One of " + ", ".join(code(value) for value in shape["enum"]) + "."])
    needed = shape.get("required", [])
    rows = [
        (code(field), *_field(about, about.get("description", ""), needed=field in needed))
        for field, about in shape.get("properties", {}).items()
    ]
    return "\n\n".join([*parts, table(("field", "type", "meaning"), rows)])


def _field(about: Json, meaning: str, *, needed: bool = False) -> tuple[str, str]:
    notes = [meaning or _description(about), "required" if needed else "", _bounds(about)]
    default = about.get("default")
    if default not in (None, "", []) and "const" not in about:
        notes.append("default " + code(str(default).lower() if isinstance(default, bool) else default))
    return _type(about), "; ".join(note for note in notes if note)


def _description(about: Json) -> str:
    return next((each["description"] for each in about.get("anyOf", []) if "description" in each), "")


def _bounds(about: Json) -> str:
    rules = [about, *about.get("anyOf", [])]
    low = next((rule["minimum"] for rule in rules if "minimum" in rule), None)
    high = next((rule["maximum"] for rule in rules if "maximum" in rule), None)
    length = next((rule["maxLength"] for rule in rules if "maxLength" in rule), None)
    items = next((rule["maxItems"] for rule in rules if "maxItems" in rule), None)
    said = [
        f"from {low:g} to {high:,.0f}" if low is not None and high is not None and high < 1e15 else "",
        f"at most {length:,} characters" if length is not None else "",
        f"at most {items:,} of them" if items is not None else "",
    ]
    return ", ".join(text for text in said if text)


def _type(about: Json) -> str:
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in about:
        return " or ".join(_type(each) for each in about["anyOf"])
    if "allOf" in about:
        return _type(about["allOf"][0])
    if "const" in about:
        return code(str(about["const"]).lower() if isinstance(about["const"], bool) else about["const"])
    if "enum" in about:
        return " or ".join(code(value) for value in about["enum"])
    if about.get("type") == "array":
        items = about.get("items", {})
        return f"list of {_type(items)}" if set(items) - {"description"} else "list"
    return "time" if about.get("format") == "date-time" else str(about.get("type", "any"))
