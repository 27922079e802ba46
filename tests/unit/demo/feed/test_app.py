"""The example's backend: who gets a session, what is served, and with which headers."""

from pathlib import Path

import jwt
import pytest

from demo.feed.settings import DIST
from tests.unit.demo.feed.world import KEY, client_of, settings_of


def test_a_session_is_a_short_lived_jwt_of_a_listed_user() -> None:
    answer = client_of(settings_of()).post("/demo/session", json={"user_id": "ann"})
    claims = jwt.decode(answer.json()["token"], KEY, algorithms=["HS256"])
    assert claims["sub"] == answer.json()["user_id"] == "ann"
    assert claims["exp"] - claims["iat"] == 600
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("body", [{"user_id": "bob"}, {"user_id": None}, {}, ["ann"], "ann"])
def test_nobody_else_gets_one(body: object) -> None:
    answer = client_of(settings_of()).post("/demo/session", json=body)
    assert (answer.status_code, answer.json()["type"]) == (403, "unknown-user")


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
def test_another_site_opens_no_session(headers: dict[str, str]) -> None:
    answer = client_of(settings_of()).post("/demo/session", json={"user_id": "ann"}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "another-site")


def test_a_name_that_is_made_to_lead_here_is_refused() -> None:
    answer = client_of(settings_of()).post("/demo/session", json={"user_id": "ann"}, headers={"host": "evil.example"})
    assert answer.status_code == 400


def test_the_page_learns_what_the_timeline_has() -> None:
    config = client_of(settings_of()).get("/demo/config").json()
    assert config == {
        "users": [{"id": "ann", "label": "Ann"}], "api": "/api", "follows": False,
        "modes": ["for_you", "latest"], "similar": False,
    }  # fmt: skip


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", f"Bearer {jwt.encode({'sub': 'ann', 'exp': 1}, KEY)}"])
def test_posts_want_a_session(token: str) -> None:
    answer = client_of(settings_of()).get("/demo/posts?ids=p1", headers={"authorization": token})
    assert (answer.status_code, answer.json()["type"]) == (401, "session-ended")


def test_a_follow_is_the_backends_act_for_the_sessions_user() -> None:
    with client_of(settings_of()) as client:
        token = client.post("/demo/session", json={"user_id": "ann"}).json()["token"]
        headers = {"authorization": f"Bearer {token}"}
        asked = client.put("/demo/follows/a%2Fb", headers=headers).json()
        assert client.put("/demo/follows/a%2Fb").status_code == 401
    assert (asked["method"], asked["path"]) == ("PUT", "/users/ann/follows/a%2Fb")
    assert asked["headers"] == {"authorization": "Bearer the-api-key"}


def test_too_many_posts_at_once_are_refused() -> None:
    with client_of(settings_of()) as client:
        token = client.post("/demo/session", json={"user_id": "ann"}).json()["token"]
        ids = {"ids": [str(number) for number in range(101)]}
        answer = client.get("/demo/posts", params=ids, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (422, "too-many")


def test_photos_are_served_and_nothing_that_lies_beside_them(tmp_path: Path) -> None:
    media = tmp_path / "home"
    (media / "media").mkdir(parents=True)
    (media / "media" / "a b.jpg").write_bytes(b"photo")
    (media / "keys.json").write_text("secret")
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    client = client_of(settings_of(media))
    assert client.get("/demo/photos/media/a%20b.jpg").content == b"photo"
    for path in ("keys.json", "media/../keys.json", "..%2Foutside.jpg", "media/none.jpg", "", "media"):
        assert client.get(f"/demo/photos/{path}").status_code == 404, path


def test_the_page_may_load_its_own_files_and_photos_alone() -> None:
    answer = client_of(settings_of(photo_origins=("https://cdn.example",))).get("/")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' https://cdn.example"
    assert answer.headers["cache-control"] == "no-cache"


def test_files_whose_names_change_with_their_bytes_are_kept() -> None:
    asset = next((DIST / "assets").iterdir()).name
    assert "immutable" in client_of(settings_of()).get(f"/assets/{asset}").headers["cache-control"]


def test_no_file_of_the_page_holds_or_asks_for_a_secret() -> None:
    text = "".join(path.read_text() for path in DIST.rglob("*") if path.suffix in (".js", ".html", ".css"))
    assert "WARMLINE_" not in text
    assert "API_KEY" not in text
