"""What the OpenAPI document says of the timeline's modes and similar posts, in the shapes that FastAPI writes."""

import pytest

from demo.feed.surfaces import surfaces_of
from docs_site.http_reference import document

MODES = {"enum": ["for_you", "latest"]}
REFERENCE = {"$ref": "#/components/schemas/Mode"}


@pytest.mark.parametrize(
    "schema",
    [
        MODES,
        {"$ref": "#/components/schemas/Mode"},
        {"anyOf": [{"$ref": "#/components/schemas/Mode"}, {"type": "null"}]},
    ],
)
def test_modes_are_found_in_each_shape(schema: dict[str, object]) -> None:
    parameters = [{"name": "limit", "schema": {}}, {"name": "mode", "schema": schema}]
    paths = {"/timeline/{user_id}": {"get": {"parameters": parameters}}, "/posts/{post_id}/similar": {}}
    found = surfaces_of({"paths": paths, "components": {"schemas": {"Mode": MODES}}})
    assert found == {"modes": ["for_you", "latest"], "similar": True}


def test_a_timeline_without_modes_has_none() -> None:
    assert surfaces_of({"paths": {"/timeline/{user_id}": {"get": {}}}}) == {"modes": [], "similar": False}


def test_our_own_document_can_be_read() -> None:
    assert set(surfaces_of(document())) == {"modes", "similar"}
