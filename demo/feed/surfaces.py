"""Asks the timeline's OpenAPI document what it has, so that the page shows no button that leads nowhere."""

from typing import Any

import httpx

Json = dict[str, Any]


async def read_surfaces(client: httpx.AsyncClient) -> Json:
    """The timeline's modes (none: there is one timeline alone), and whether it knows similar posts.

    Raises:
        httpx.HTTPError: the timeline does not answer.
    """
    answer = await client.get("/openapi.json")
    answer.raise_for_status()
    return surfaces_of(answer.json())


def surfaces_of(document: Json) -> Json:
    """The same, out of a document."""
    parameters = document["paths"]["/timeline/{user_id}"]["get"].get("parameters", [])
    modes: Json = next((parameter["schema"] for parameter in parameters if parameter["name"] == "mode"), {})
    return {"modes": _choices(document, modes), "similar": "/posts/{post_id}/similar" in document["paths"]}


def _choices(document: Json, schema: Json) -> list[str]:
    """The values of an enumeration, which may be a reference, or one of several shapes."""
    if "$ref" in schema:
        return _choices(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "enum" in schema:
        return [str(value) for value in schema["enum"]]
    parts = [*schema.get("anyOf", ()), *schema.get("allOf", ())]
    return [value for part in parts for value in _choices(document, part)]
