"""The OpenAPI document: what clients are generated from."""

import re
from typing import Any

import pytest

from docs_site.http_reference import CONFLICT, PROBLEM, ROOT, document
from shared.db.tables import heartbeats, phase_changes, runs
from timeline.http.admin_schemas import PhaseChangeRecord, RunAnswer, ServiceAnswer
from timeline.http.problem_shapes import name_of
from timeline.http.problems import TYPE_PREFIX

OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
}
SCHEMAS = document()["components"]["schemas"]
# Clients are generated from these names: a change breaks them.
IDS = {
    "getTimeline", "postTimeline", "getHealth", "getReadiness", "getMetrics", "addEvents", "removeEvents", "blockUser",
    "unblockUser", "muteUser", "unmuteUser", "putUser", "eraseUser", "putPost", "deletePost", "hidePost", "showPost",
    "suspendUser", "reinstateUser", "getPreferences", "addPreference", "putPreferences", "resetPreferences",
    "removePreference", "getUserData", "requestRun", "getRuns", "getPhase", "putPhase", "getStatus", "getModels",
    "putChampion", "getRecommendations",
}  # fmt: skip
# Given before any route is known.
OF_NO_ROUTE = {"not-found"}


def problems_of(answer: dict[str, Any]) -> set[str]:
    schema = answer["content"]["application/problem+json"]["schema"]
    return {each["$ref"].rpartition("/")[2] for each in schema.get("oneOf", [schema])}


def test_operation_ids_are_short_and_stay() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(ids) == len(set(ids))
    assert set(ids) >= IDS
    assert [each for each in ids if not re.fullmatch("[a-z]+([A-Z][a-z]+){1,3}", each)] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_says_which_kinds_of_problems_it_may_be(name: str) -> None:
    for status, answer in OPERATIONS[name]["responses"].items():
        if status >= "400" and (name, status) != ("GET /readyz", "503"):
            assert "ProblemDetails" not in problems_of(answer), status
            assert problems_of(answer) <= SCHEMAS.keys()
        assert not [key for key in answer if key.startswith("x-")]


def test_every_kind_of_problem_in_the_code_is_documented() -> None:
    in_code = set[str]()
    for path in [*ROOT.glob("timeline/**/*.py"), *ROOT.glob("shared/db/*.py")]:
        source = path.read_text(encoding="utf-8")
        in_code |= {slug for _, slug in PROBLEM.findall(source)} | set(CONFLICT.findall(source))
    assert {slug for slug in in_code - OF_NO_ROUTE if name_of(slug) not in SCHEMAS} == set()


def test_a_problem_is_told_from_the_others_by_its_type() -> None:
    for name, operation in OPERATIONS.items():
        for answer in operation["responses"].values():
            schema = answer.get("content", {}).get("application/problem+json", {}).get("schema", {})
            for kind, ref in schema.get("discriminator", {}).get("mapping", {}).items():
                properties = SCHEMAS[ref.rpartition("/")[2]]["properties"]
                assert properties["type"]["const"] == kind, name
                assert kind.startswith(TYPE_PREFIX)


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("GET /timeline/{user_id}", ["userJwt", "apiKey"]),
        ("POST /interactions", ["apiKey", "userJwt"]),
        ("PUT /users/{user_id}/preferences", ["apiKey", "userJwt"]),
        ("PUT /users/{user_id}/blocks/{blocked_user_id}", ["apiKey"]),
        ("GET /users/{user_id}/data", ["apiKey"]),
        ("POST /recommendations", ["apiKey"]),
        ("GET /admin/status", ["adminToken"]),
        ("GET /healthz", []),
    ],
)
def test_an_operation_says_whose_token_opens_it(name: str, tokens: list[str]) -> None:
    assert [*OPERATIONS[name]["security"]] == [{token: []} for token in tokens]


def test_every_answer_with_a_body_has_a_shape() -> None:
    shapeless = [
        (name, status)
        for name, operation in OPERATIONS.items()
        for status, answer in operation["responses"].items()
        for media in answer.get("content", {}).values()
        if not media.get("schema", {}).keys() & {"$ref", "oneOf", "type"}
    ]
    assert shapeless == []


def test_the_operators_answers_have_the_columns_of_their_tables() -> None:
    for model, table in ((RunAnswer, runs), (ServiceAnswer, heartbeats), (PhaseChangeRecord, phase_changes)):
        assert list(model.model_fields) == list(table.c.keys())
