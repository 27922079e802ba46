"""The authorizer remembers JWTs: never beyond their `exp`, never for another user, never without a bound."""

import time

import jwt
import pytest

from timeline.http import auth
from timeline.http.auth import Authorizer
from timeline.http.problems import Problem
from timeline.settings import TimelineSettings

KEY = "jwt-key-of-the-tests-" + "k" * 32


@pytest.fixture
def authorizer() -> Authorizer:
    settings = TimelineSettings.model_validate(
        {"admin_token": "admin-token-of-the-tests", "api_key": "api-key-of-the-tests", "jwt_key": KEY}
    )
    return Authorizer(settings)


def _header(user: str, *, seconds: float = 60.0, key: str = KEY) -> str:
    return "Bearer " + jwt.encode({"sub": user, "exp": int(time.time() + seconds)}, key, algorithm="HS256")


def _slug(authorizer: Authorizer, header: str, user: str) -> str:
    with pytest.raises(Problem) as refused:
        authorizer.admit_reader(header, user)
    return refused.value.slug


def test_a_token_that_was_admitted_is_admitted_again(authorizer: Authorizer) -> None:
    header = _header("ann")
    authorizer.admit_reader(header, "ann")
    authorizer.admit_reader(header, "ann")


def test_a_token_that_was_admitted_is_refused_from_its_expiry_on(authorizer: Authorizer) -> None:
    header = _header("ann", seconds=1.5)
    authorizer.admit_reader(header, "ann")
    time.sleep(2)
    assert _slug(authorizer, header, "ann") == "token-expired"


def test_a_remembered_token_opens_no_other_users_page(authorizer: Authorizer) -> None:
    header = _header("ann")
    authorizer.admit_reader(header, "ann")
    assert _slug(authorizer, header, "bob") == "another-user"


def test_a_remembered_token_with_one_character_changed_is_refused(authorizer: Authorizer) -> None:
    header = _header("ann")
    authorizer.admit_reader(header, "ann")
    changed = header[:-3] + ("A" if header[-3] != "A" else "B") + header[-2:]
    assert _slug(authorizer, changed, "ann") == "unauthorized"


def test_a_refused_token_is_not_remembered(authorizer: Authorizer) -> None:
    header = _header("ann", key="another-key-altogether-" + "z" * 32)
    assert [_slug(authorizer, header, "ann") for _ in range(2)] == ["unauthorized"] * 2


def test_no_more_tokens_are_remembered_than_the_bound(authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "MAX_VERIFIED", 3)
    for number in range(10):
        authorizer.admit_reader(_header(f"user{number}"), f"user{number}")
    assert len(authorizer._verified) == 3
