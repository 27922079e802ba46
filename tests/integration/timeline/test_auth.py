"""Who is admitted in production mode; no part of a secret is ever shown."""

import base64
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import ADMIN_TOKEN, ANN, API_KEY, COLD, JWT_KEY, Deployment, until_ready
from timeline.__main__ import main

OTHER_KEY = "another-key-altogether-" + "z" * 32
SECRETS = (ADMIN_TOKEN, API_KEY, JWT_KEY)
PROBLEM = "application/problem+json"
ADMIN_ROUTES = [
    ("GET", "/admin/phase"),
    ("PUT", "/admin/phase"),
    ("GET", "/admin/status"),
    ("GET", "/admin/models"),
    ("PUT", "/admin/models/champion"),
]
WRITE_ROUTES = [
    ("DELETE", "/posts/p00"),
    ("PUT", "/users/ann/blocks/author1"),
    ("DELETE", "/users/ann/blocks/author1"),
]


@pytest.fixture(scope="module")
def guarded(shared_deployment: Deployment) -> Iterator[TestClient]:
    with shared_deployment.timeline(env="production") as client:
        until_ready(client)
        yield client


@pytest.fixture(scope="module")
def in_dev(shared_deployment: Deployment) -> Iterator[TestClient]:
    with shared_deployment.timeline(env="dev") as client:
        until_ready(client)
        yield client


def _token(key: str = JWT_KEY, algorithm: str = "HS256", **claims: Any) -> str:
    wanted = {"sub": ANN, "exp": int(time.time()) + 86_400} | claims
    return jwt.encode({name: value for name, value in wanted.items() if value is not None}, key, algorithm)


def _unsigned(**claims: Any) -> str:
    head, body = ({"alg": "none", "typ": "JWT"}, {"sub": ANN, "exp": int(time.time()) + 86_400} | claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, body))
        + "."
    )


def _tampered() -> str:
    head, _, signature = _token().split(".")
    body = json.dumps({"sub": COLD, "exp": int(time.time()) + 86_400})
    return f"{head}.{base64.urlsafe_b64encode(body.encode()).decode().rstrip('=')}.{signature}"


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _ask(client: TestClient, user_id: str, headers: dict[str, str]) -> tuple[int, str]:
    """Status and content type of GET and POST, which must be the same."""
    by_get = client.get(f"/timeline/{user_id}", headers=headers)
    by_post = client.post("/timeline", json={"user_id": user_id}, headers=headers)
    assert (by_get.status_code, by_get.headers["content-type"]) == (
        by_post.status_code,
        by_post.headers["content-type"],
    )
    assert not any(secret in by_get.text + by_post.text for secret in SECRETS)
    return by_get.status_code, by_get.headers["content-type"]


def test_a_users_own_jwt_reads_their_timeline(guarded: TestClient) -> None:
    assert _ask(guarded, ANN, _bearer(_token()))[0] == 200


def test_the_api_key_reads_every_timeline(guarded: TestClient) -> None:
    assert [_ask(guarded, user, _bearer(API_KEY))[0] for user in (ANN, COLD, "stranger")] == [200, 200, 200]


def test_the_scheme_may_be_written_in_any_case(guarded: TestClient) -> None:
    assert _ask(guarded, ANN, {"Authorization": f"bearer {API_KEY}"})[0] == 200


def test_another_users_jwt_is_forbidden(guarded: TestClient) -> None:
    assert _ask(guarded, COLD, _bearer(_token())) == (403, PROBLEM)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(_unsigned(), id="alg none"),
        pytest.param(_unsigned(sub=COLD), id="alg none, another user"),
        pytest.param(_token(OTHER_KEY), id="wrong key"),
        pytest.param(_token(exp=int(time.time()) - 60), id="expired"),
        pytest.param(_token(exp=None), id="no exp"),
        pytest.param(_token(sub=None), id="no sub"),
        pytest.param(_token(JWT_KEY + "k" * 32, "HS512"), id="HS512, longer key"),
        pytest.param(_token(nbf=int(time.time()) + 86_400), id="not yet valid"),
        pytest.param(_tampered(), id="body changed"),
        pytest.param(_token()[:-3], id="signature cut"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="no JWT"),
        pytest.param(ADMIN_TOKEN, id="the admin token"),
        pytest.param(API_KEY[:-1], id="API key cut"),
        pytest.param(API_KEY + "x", id="API key and more"),
        pytest.param("x" * 10_000, id="10 KB"),
        pytest.param(JWT_KEY, id="the JWT key itself"),
    ],
)
def test_a_token_that_is_not_good_opens_no_timeline(guarded: TestClient, token: str) -> None:
    assert _ask(guarded, ANN, _bearer(token)) == (401, PROBLEM)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_right_key_with_an_algorithm_that_is_not_the_pinned_one_is_refused(
    guarded: TestClient, algorithm: str
) -> None:
    assert _ask(guarded, ANN, _bearer(_token(algorithm=algorithm))) == (401, PROBLEM)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", f"Basic {API_KEY}", API_KEY, f"Bearer\t{API_KEY}"])
def test_a_header_that_is_no_bearer_opens_no_timeline(guarded: TestClient, header: str) -> None:
    assert _ask(guarded, ANN, {"Authorization": header}) == (401, PROBLEM)


def test_without_a_token_no_timeline_opens(guarded: TestClient) -> None:
    assert _ask(guarded, ANN, {}) == (401, PROBLEM)


def test_a_refusal_says_which_scheme_to_use(guarded: TestClient) -> None:
    assert guarded.get("/timeline/ann").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), [*ADMIN_ROUTES, *WRITE_ROUTES])
@pytest.mark.parametrize("token", [None, "", "wrong", JWT_KEY, "é".encode().decode("latin-1"), "users-own"])
def test_no_admin_or_write_route_opens_to_a_stranger(
    guarded: TestClient, in_dev: TestClient, shared_deployment: Deployment, method: str, path: str, token: str | None
) -> None:
    presented = _token() if token == "users-own" else token
    headers = {} if presented is None else {b"Authorization": b"Bearer " + presented.encode()}
    for client in (guarded, in_dev):
        response = client.request(method, path, headers=headers, json={"phase": "neucf"})
        assert (response.status_code, response.headers["content-type"]) == (401, PROBLEM)
    assert shared_deployment.sql("SELECT count(*) FROM warmline.phase_changes")[0] == (0,)


@pytest.mark.parametrize(("method", "path"), ADMIN_ROUTES)
def test_the_api_key_opens_no_admin_route(guarded: TestClient, method: str, path: str) -> None:
    assert guarded.request(method, path, headers=_bearer(API_KEY), json={"phase": "neucf"}).status_code == 401


@pytest.mark.parametrize(("method", "path"), WRITE_ROUTES)
def test_the_admin_token_opens_no_write_route(guarded: TestClient, method: str, path: str) -> None:
    assert guarded.request(method, path, headers=_bearer(ADMIN_TOKEN)).status_code == 401


def test_in_dev_reads_are_open(in_dev: TestClient) -> None:
    assert in_dev.get("/timeline/ann").status_code == 200


def test_in_dev_without_tokens_admin_stays_closed(deployment: Deployment) -> None:
    with deployment.timeline(admin_token=None, api_key=None, jwt_key=None) as client:
        answers = [client.request(method, path).status_code for method, path in [*ADMIN_ROUTES, *WRITE_ROUTES]]
    assert set(answers) == {401}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_open_to_the_platform(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_no_secret_stands_in_a_log(ranked_deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    token = _token()
    with caplog.at_level(logging.DEBUG), ranked_deployment.timeline(env="production") as client:
        until_ready(client)
        for bearer in (*SECRETS, token, _token(OTHER_KEY)):
            client.get("/timeline/ann", headers=_bearer(bearer))
            client.put("/admin/phase", headers=_bearer(bearer), json={"phase": "neucf"})
        ranked_deployment.close_database()
        client.get("/admin/status", headers=_bearer(ADMIN_TOKEN))
    said = "\n".join(record.getMessage() for record in caplog.records if record.name != "asyncio")
    passwords = [
        part.partition("@")[0].rpartition(":")[2]
        for part in (ranked_deployment.database_url, ranked_deployment.redis_url)
    ]
    assert not [secret for secret in (*SECRETS, token, *passwords) if secret in said]


def test_no_secret_stands_in_a_repr(deployment: Deployment) -> None:
    assert not [secret for secret in SECRETS if secret in repr(deployment.settings(env="production"))]


STORES = {"WARMLINE_DATABASE_URL": "postgresql://x@127.0.0.1:9/x", "WARMLINE_REDIS_URL": "redis://127.0.0.1:9"}


def test_in_production_it_does_not_start_without_secrets_and_names_each(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WARMLINE_")}
    ended = subprocess.run(
        [sys.executable, "-m", "timeline"], env={**clean, "PYTHONPATH": os.pathsep.join(sys.path), **STORES},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert all(name in line for name in ("WARMLINE_ADMIN_TOKEN", "WARMLINE_API_KEY", "WARMLINE_JWT_KEY"))


@pytest.fixture
def refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """The lines with which it refuses to start in an environment; here, since it refuses before it serves."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shared.logs.start_logging", lambda: None)  # this process logs as pytest has it
    for name in [name for name in os.environ if name.startswith("WARMLINE_")]:
        monkeypatch.delenv(name)

    def refused(**environment: str) -> list[str]:
        for name, value in {**STORES, **environment}.items():
            monkeypatch.setenv(name, value)
        assert main([]) == 2
        return capsys.readouterr().err.splitlines()

    return refused


def test_it_names_only_the_secret_that_is_missing(refusal: Callable[..., list[str]]) -> None:
    (line,) = refusal(WARMLINE_ADMIN_TOKEN=ADMIN_TOKEN, WARMLINE_JWT_KEY=JWT_KEY)
    assert "WARMLINE_API_KEY" in line
    assert "WARMLINE_ADMIN_TOKEN" not in line


def test_a_secret_that_is_too_short_is_refused_and_not_shown(refusal: Callable[..., list[str]]) -> None:
    (line,) = refusal(WARMLINE_ADMIN_TOKEN="hunter2", WARMLINE_API_KEY=API_KEY, WARMLINE_JWT_KEY=JWT_KEY)
    assert line.startswith("WARMLINE_ADMIN_TOKEN: ")
    assert "hunter2" not in line


def test_blank_secrets_count_as_absent(refusal: Callable[..., list[str]]) -> None:
    (line,) = refusal(WARMLINE_ADMIN_TOKEN="", WARMLINE_API_KEY="", WARMLINE_JWT_KEY="")
    assert "WARMLINE_JWT_KEY" in line


def test_a_jwt_that_names_an_audience_opens_its_users_page(guarded: TestClient) -> None:
    assert _ask(guarded, ANN, _bearer(_token(aud="authenticated")))[0] == 200
