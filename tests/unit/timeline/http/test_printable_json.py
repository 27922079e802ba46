"""Answers printed in a terminal, as with curl: the same values, and no characters that control the terminal."""

import json

import pytest
from fastapi import Response
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from shared.text.printable import has_control_characters
from timeline.http import admin, interactions, pages, relations, runs
from timeline.http.printable_json import PrintableJSON
from timeline.http.problems import problem_response
from timeline.http.schemas import PostPut

HOSTILE = "\x1b[2J \x9b2J \u202egnp\n\u2028 é 家"


@pytest.mark.parametrize(
    "answer", [PrintableJSON({"error": HOSTILE}), problem_response(422, "x", HOSTILE, got=HOSTILE)]
)
def test_an_answer_has_no_control_characters_and_keeps_its_values(answer: Response) -> None:
    text = bytes(answer.body).decode()
    assert not has_control_characters(text)
    assert HOSTILE in json.loads(text).values()


def test_every_route_uses_such_answers() -> None:
    parts = (pages, interactions, relations, runs, admin)
    made = [route for part in parts for route in part.router.routes if isinstance(route, APIRoute)]
    plain = {"/metrics": PlainTextResponse} | {route.path: Response for route in relations.router.routes}  # type: ignore[attr-defined]
    assert len(made) > 15
    for route in made:
        assert route.response_class is plain.get(route.path, PrintableJSON), route.path


@pytest.mark.parametrize("mark", ["\x1b", "\n", "\x9b", "\u202e"])
def test_a_photo_address_with_control_characters_is_refused(mark: str) -> None:
    with pytest.raises(ValidationError, match="image_url"):
        PostPut(author_id="ann", image_url=f"https://x.example/{mark}.jpg")
