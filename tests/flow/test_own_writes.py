"""Writes with a user's own JWT (`WARMLINE_JWT_WRITES`): of what is theirs, and of nothing else."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from shared.errors import ConfigurationError
from shared.settings import load_settings
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    API_KEY,
    AUTHORS,
    JWT_KEY,
    Deployment,
    author_of,
    ids,
    until_ready,
)
from tests.integration.timeline.test_attack import BODIES, ROUTES, WRITTEN
from timeline.http.limits import MAX_OWN_BODY
from timeline.http.own_writes import MAX_OWN_EVENTS
from timeline.settings import TimelineSettings

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
BOB = "bob"
USERS = count()
MANY = 10_000  # a rate that no test reaches
OPEN_TO_USERS = [
    ("POST", "/interactions"), ("DELETE", "/interactions"), ("GET", "/users/ann/preferences"),
    ("POST", "/users/ann/preferences"), ("PUT", "/users/ann/preferences"), ("DELETE", "/users/ann/preferences"),
    ("DELETE", "/users/ann/preferences/1"),
]  # fmt: skip
READS = [
    route for route in ROUTES if route[1].startswith("/timeline") or route[1].endswith(("/similar", "/suggestions"))
]
NEVER = [route for route in ROUTES if route not in (*OPEN_TO_USERS, *READS)]


def token_of(user_id: str, key: str = JWT_KEY, algorithm: str = "HS256", **claims: Any) -> str:
    return jwt.encode({"sub": user_id, "exp": int(time.time()) + 3_600} | claims, key, algorithm)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def own(user_id: str) -> dict[str, str]:
    return bearer(token_of(user_id))


def like(user_id: str, post_id: str = "p05", **more: Any) -> dict[str, Any]:
    return {"user_id": user_id, "post_id": post_id, "kind": "like", **more}


def comment(user_id: str, event_id: str, post_id: str = "p05") -> dict[str, Any]:
    return {"user_id": user_id, "post_id": post_id, "kind": "comment", "event_id": event_id}


def send(client: TestClient, batch: object, headers: dict[str, str], method: str = "POST") -> Any:
    return client.request(method, "/interactions", json=batch, headers=headers)


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


def events_of(deployment: Deployment, user_id: str) -> list[Any]:
    return deployment.sql(
        f"SELECT post_id, kind FROM warmline.interactions WHERE user_id = '{user_id}' ORDER BY post_id, kind"
    )


@pytest.fixture(scope="module")
def phones(shared_deployment: Deployment) -> Iterator[TestClient]:
    settings = {"env": "production", "jwt_writes": True, "jwt_writes_per_minute": MANY}
    with shared_deployment.timeline(**settings) as client:
        until_ready(client)
        yield client


@pytest.fixture
def user() -> str:
    return f"phone{next(USERS)}"


# --- whose ------------------------------------------------------------------------------------------------------------


def test_a_users_own_events_are_kept_and_taken_back(
    phones: TestClient, shared_deployment: Deployment, user: str
) -> None:
    kept = send(phones, [like(user), comment(user, "c1")], own(user))
    assert (kept.status_code, kept.json()) == (200, {"accepted": 2, "duplicates": 0, "rejected": []})
    assert events_of(shared_deployment, user) == [("p05", "comment"), ("p05", "like")]
    gone = send(phones, [like(user), comment(user, "c1")], own(user), "DELETE")
    assert (gone.status_code, gone.json()["accepted"]) == (200, 2)
    assert events_of(shared_deployment, user) == []


def test_a_hide_holds_on_the_next_page(phones: TestClient, user: str) -> None:
    hide = {"user_id": user, "post_id": "p07", "kind": "hide"}
    assert send(phones, [hide], own(user)).status_code == 200
    assert "p07" not in ids(phones.get(f"/timeline/{user}?limit=100", headers=own(user)).json())


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("theirs", [ANN, "", None, 7, ["ann"], {"id": "x"}, "ann\n"], ids=repr)
def test_one_event_of_somebody_else_refuses_the_whole_request(
    phones: TestClient, shared_deployment: Deployment, user: str, method: str, theirs: object
) -> None:
    before = shared_deployment.sql(WRITTEN)
    batch = [like(user), {**like(user), "user_id": theirs}, like(user, "p06")]
    assert problem(send(phones, batch, own(user), method)) == (403, "another-user")
    assert shared_deployment.sql(WRITTEN) == before


@pytest.mark.parametrize(("method", "path"), [route for route in OPEN_TO_USERS if "ann" in route[1]])
def test_another_users_preferences_are_neither_read_nor_written(
    phones: TestClient, shared_deployment: Deployment, method: str, path: str
) -> None:
    before = shared_deployment.sql(WRITTEN)
    for name in ("mallory", "Ann", "an", "ann/preferences"):
        answer = phones.request(method, path, headers=own(name), json=BODIES.get(path, {}))
        assert problem(answer) == (403, "another-user")
    assert shared_deployment.sql(WRITTEN) == before


@pytest.mark.parametrize("name", ["", "a/b", "ü?#"])
def test_a_users_own_preferences_are_theirs_to_write(phones: TestClient, user: str, name: str) -> None:
    name = user + name
    path = "/users/" + "".join(f"%{byte:02X}" for byte in name.encode()) + "/preferences"
    said = phones.post(path, json={"mute": {"author": AUTHORS[0]}}, headers=own(name))
    assert said.status_code == 201
    assert phones.put(path, json={"languages": ["de"]}, headers=own(name)).status_code == 204
    held = phones.get(path, headers=own(name)).json()
    assert ([each["mute"] for each in held["preferences"]], held["languages"]) == ([{"author": AUTHORS[0]}], ["de"])
    if name == user:
        page = phones.get(f"/timeline/{name}?limit=100", headers=own(name)).json()
        assert AUTHORS[0] not in {author_of(post) for post in ids(page)}
    assert phones.delete(f"{path}/{said.json()['preference_id']}", headers=own(name)).status_code == 204
    assert phones.delete(path, headers=own(name)).status_code == 204
    assert phones.get(path, headers=own(name)).json()["languages"] == []


@pytest.mark.parametrize(("method", "path"), NEVER)
def test_no_other_route_opens_to_a_users_jwt(
    phones: TestClient, shared_deployment: Deployment, method: str, path: str
) -> None:
    before = shared_deployment.sql(WRITTEN)
    answer = phones.request(method, path, headers=own("ann"), json=BODIES.get(path, {}))
    assert problem(answer) == (401, "unauthorized")
    assert shared_deployment.sql(WRITTEN) == before


# --- ids of events ----------------------------------------------------------------------------------------------------


def test_a_guessed_event_id_neither_makes_anothers_event_a_duplicate_nor_takes_it_back(
    phones: TestClient, shared_deployment: Deployment, user: str
) -> None:
    victim, guessed = f"victim-of-{user}", f"order-{user}"
    assert send(phones, [comment(user, guessed)], own(user)).json()["accepted"] == 1
    assert send(phones, [comment(victim, guessed)], BACKEND).json()["accepted"] == 1
    assert send(phones, [comment(user, guessed)], own(user)).json()["duplicates"] == 1
    assert send(phones, [comment(user, guessed)], own(user), "DELETE").json()["accepted"] == 1
    assert send(phones, [comment(user, guessed)], own(user), "DELETE").json()["duplicates"] == 1
    assert events_of(shared_deployment, victim) == [("p05", "comment")]


def test_two_users_may_choose_the_same_event_id(phones: TestClient, user: str) -> None:
    for name in (user, f"other-{user}"):
        assert send(phones, [comment(name, "1")], own(name)).json()["accepted"] == 1


def test_no_event_id_of_the_backend_is_one_of_a_phone(phones: TestClient, user: str) -> None:
    assert send(phones, [comment(user, "c1")], own(user)).json()["accepted"] == 1
    for spoofed in (f"{user}\x1fc1", f"{user}%1Fc1", f"{user}c1", "c1"):
        answer = send(phones, [comment(user, spoofed, "p06")], BACKEND).json()
        assert answer["duplicates"] == 0, spoofed


def test_the_backend_takes_back_what_a_phone_has_sent(
    phones: TestClient, shared_deployment: Deployment, user: str
) -> None:
    send(phones, [comment(user, "c1"), comment(user, "c2")], own(user))
    assert send(phones, [comment(user, "c1")], BACKEND, "DELETE").json()["accepted"] == 1
    assert len(events_of(shared_deployment, user)) == 1


def test_an_export_names_the_event_as_the_phone_did(phones: TestClient, user: str) -> None:
    send(phones, [comment(user, "c1")], own(user))
    document = phones.get(f"/users/{user}/data", headers=BACKEND).json()
    assert [event["event_id"] for event in document["events"]] == ["c1"]


def test_a_replay_changes_nothing(phones: TestClient, shared_deployment: Deployment, user: str) -> None:
    batch = [like(user), comment(user, "c1"), {**like(user), "kind": "view"}]
    answers = [send(phones, batch, own(user)).json() for _ in range(3)]
    assert [(each["accepted"], each["duplicates"]) for each in answers] == [(3, 0), (0, 3), (0, 3)]
    assert len(events_of(shared_deployment, user)) == 3


# --- times, bounds, rates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claimed", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday", 7, None])
def test_the_servers_time_counts_whatever_the_phone_says(
    phones: TestClient, shared_deployment: Deployment, user: str, claimed: object
) -> None:
    begun = datetime.now(UTC)
    assert send(phones, [like(user, created_at=claimed)], own(user)).json()["accepted"] == 1
    ((at,),) = shared_deployment.sql(f"SELECT created_at FROM warmline.interactions WHERE user_id = '{user}'")
    assert begun - timedelta(seconds=1) < at < datetime.now(UTC) + timedelta(seconds=1)


def test_a_bad_event_does_not_spoil_the_others(phones: TestClient, user: str) -> None:
    batch = [like(user), 7, {"post_id": "p05", "kind": "like"}, like(user, "nowhere"), comment(user, "\x1f")]
    answer = send(phones, batch, own(user)).json()
    assert answer["accepted"] == 1
    assert [each["reason"] for each in answer["rejected"]] == [
        "not-an-object", "user-id-unusable", "post-unknown", "event-id-unusable",
    ]  # fmt: skip


def test_at_most_a_hundred_events_in_a_request(phones: TestClient, user: str) -> None:
    most = [like(user, f"p{number % 60:02}") for number in range(MAX_OWN_EVENTS)]
    assert send(phones, most, own(user)).status_code == 200
    refused = send(phones, [*most, like(user)], own(user))
    assert problem(refused) == (422, "invalid-request")
    assert "at most 100" in refused.json()["detail"]
    assert send(phones, [*most, *most], BACKEND | {}).status_code == 200


def test_a_phones_body_is_smaller_than_the_backends(phones: TestClient, user: str) -> None:
    body = b" " * MAX_OWN_BODY + b"[]"
    headers = {"content-type": "application/json"}
    answers = [phones.post("/interactions", content=body, headers=headers | by) for by in (own(user), BACKEND)]
    assert [answer.status_code for answer in answers] == [413, 200]


def test_too_many_writes_are_refused_and_another_user_is_not(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline(env="production", jwt_writes=True, jwt_writes_per_minute=60) as client:
        batch = [like(ANN, f"p{number:02}") for number in range(50)]
        answers = [send(client, batch, own(ANN)).status_code for _ in range(2)]
        refused = send(client, batch, own(ANN))
        assert answers == [200, 200]
        assert problem(refused) == (429, "too-many-writes")
        assert 40 <= int(refused.headers["retry-after"]) <= 51
        assert problem(client.get(f"/users/{ANN}/preferences", headers=own(ANN))) == (429, "too-many-writes")
        assert send(client, [like(BOB)], own(BOB)).status_code == 200
        assert send(client, [like(ANN)], BACKEND).status_code == 200
        assert client.get(f"/timeline/{ANN}", headers=own(ANN)).status_code == 200


# --- who is not admitted ----------------------------------------------------------------------------------------------


def unsigned(user_id: str) -> str:
    parts = {"alg": "none", "typ": "JWT"}, {"sub": user_id, "exp": int(time.time()) + 3_600}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    ("token", "slug"),
    [
        (lambda: token_of(ANN, exp=int(time.time()) - 1), "token-expired"),
        (lambda: token_of(ANN, key="another-key-" + "x" * 40), "unauthorized"),
        (lambda: token_of(ANN, algorithm="HS384"), "unauthorized"),
        (lambda: token_of(ANN, nbf=int(time.time()) + 3_600), "unauthorized"),
        (lambda: unsigned(ANN), "unauthorized"),
        (lambda: JWT_KEY, "unauthorized"),
        (lambda: ADMIN_TOKEN, "unauthorized"),
        (lambda: "", "unauthorized"),
    ],
    ids=["expired", "wrong key", "HS384", "not yet", "alg none", "the key itself", "admin token", "empty"],
)
@pytest.mark.parametrize(("method", "path"), OPEN_TO_USERS)
def test_a_token_that_is_not_good_writes_nothing(
    phones: TestClient, shared_deployment: Deployment, method: str, path: str, token: Any, slug: str
) -> None:
    before = shared_deployment.sql(WRITTEN)
    answer = phones.request(method, path, headers=bearer(token()), json=BODIES.get(path, {}))
    assert problem(answer) == (401, slug)
    assert shared_deployment.sql(WRITTEN) == before


def test_an_erased_user_writes_nothing_and_does_not_come_back(
    phones: TestClient, shared_deployment: Deployment, user: str
) -> None:
    send(phones, [like(user)], own(user))
    assert phones.delete(f"/users/{user}", headers=BACKEND).status_code in (202, 204)
    before = shared_deployment.sql(WRITTEN)
    answer = send(phones, [like(user), comment(user, "c1")], own(user)).json()
    assert [each["reason"] for each in answer["rejected"]] == ["user-erased"] * 2
    path = f"/users/{user}/preferences"
    assert problem(phones.put(path, json={"languages": ["de"]}, headers=own(user))) == (409, "user-erased")
    assert problem(phones.post(path, json={"mute": {"tag": "x"}}, headers=own(user))) == (409, "user-erased")
    assert send(phones, [like(user)], own(user), "DELETE").json()["accepted"] == 0
    assert phones.delete(path, headers=own(user)).status_code in (202, 204)
    assert shared_deployment.sql(WRITTEN) == before
    with shared_deployment.redis() as redis:
        assert redis.keys(f"wl:*:{user}") == []


@pytest.fixture(scope="module")
def closed(shared_deployment: Deployment) -> Iterator[TestClient]:
    """A timeline as it is without the setting."""
    with shared_deployment.timeline(env="production") as client:
        until_ready(client)
        yield client


@pytest.mark.parametrize(("method", "path"), OPEN_TO_USERS)
def test_without_the_setting_a_users_jwt_is_answered_like_no_token(
    closed: TestClient, shared_deployment: Deployment, method: str, path: str
) -> None:
    before = shared_deployment.sql(WRITTEN)
    by_jwt, by_nobody = (
        closed.request(method, path, headers=headers, json=BODIES.get(path, {})) for headers in (own("ann"), {})
    )
    assert (by_jwt.status_code, by_jwt.content) == (by_nobody.status_code, by_nobody.content)
    assert by_jwt.json()["detail"] == "send the API key as `Authorization: Bearer …`"
    assert shared_deployment.sql(WRITTEN) == before


def test_the_setting_wants_a_key_that_says_whose_a_jwt_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_ENV", "dev")
    monkeypatch.setenv("WARMLINE_JWT_WRITES", "true")
    with pytest.raises(ConfigurationError, match="WARMLINE_JWT_WRITES: got true without WARMLINE_JWT_KEY"):
        load_settings(TimelineSettings)


# --- whatever a phone sends -------------------------------------------------------------------------------------------

SENT = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from(["own"] * 6 + [ANN, "", None, 7]),
        "post_id": st.sampled_from(["p01", "p02", "nowhere", "", 3]),
        "kind": st.sampled_from(["view", "like", "comment", "hide", "none"]),
    },
    optional={
        "event_id": st.sampled_from(["e1", "e2", "", None, "taken"]),
        "created_at": st.sampled_from(["2020-01-01T00:00:00Z", "x", None]),
        "more": st.just(1),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=st.lists(SENT | st.integers(), max_size=6), method=st.sampled_from(["POST", "POST", "DELETE"]))
def test_a_request_writes_only_what_is_its_senders_or_nothing(
    phones: TestClient, shared_deployment: Deployment, batch: list[Any], method: str
) -> None:
    user = f"phone{next(USERS)}"
    others = f"""
        SELECT md5(string_agg(i::text, '|' ORDER BY i::text)) FROM warmline.interactions i WHERE user_id <> '{user}'
        """
    send(phones, [comment(BOB, "taken", "p01")], BACKEND)
    send(phones, [like(user, "p01")], own(user))
    before, mine = shared_deployment.sql(others), events_of(shared_deployment, user)
    batch = [
        event | {"user_id": user} if isinstance(event, dict) and event["user_id"] == "own" else event for event in batch
    ]
    answer = send(phones, batch, own(user), method)
    is_own = all(event["user_id"] == user for event in batch if isinstance(event, dict))
    assert answer.status_code == (200 if is_own else 403)
    assert shared_deployment.sql(others) == before
    if not is_own:
        assert events_of(shared_deployment, user) == mine
        return
    again = send(phones, batch, own(user), method).json()
    assert (again["accepted"], again["rejected"]) == (0, answer.json()["rejected"])
