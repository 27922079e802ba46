"""What the example's backend is told, and what it says if something is missing."""

import pytest

from demo.feed.settings import FeedUser, read_settings
from shared.errors import ConfigurationError

GIVEN = {
    "WARMLINE_TIMELINE_URL": "http://127.0.0.1:8000/",
    "WARMLINE_DATABASE_URL": "postgresql://own",
    "WARMLINE_JWT_KEY": "k" * 32,
}


def test_users_have_labels_also_where_an_id_holds_an_equals_sign() -> None:
    settings = read_settings(["--user", "ann", "--user", "a=b=Somebody"], GIVEN)
    assert settings.users == (FeedUser(user_id="ann", label="ann"), FeedUser(user_id="a=b", label="Somebody"))


def test_posts_are_read_where_the_services_read_them() -> None:
    views = {"WARMLINE_SOURCE_URL": "postgresql://theirs", "WARMLINE_SOURCE_SCHEMA": "team"}
    own, theirs = read_settings(["--user", "u"], GIVEN), read_settings(["--user", "u"], GIVEN | views)
    assert (own.database_url, own.schema) == ("postgresql://own", "warmline")
    assert (theirs.database_url, theirs.schema) == ("postgresql://theirs", "team")


@pytest.mark.parametrize("name", GIVEN)
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}: is not set"):
        read_settings(["--user", "u"], {**GIVEN, name: ""})


def test_a_public_key_signs_nothing() -> None:
    with pytest.raises(ConfigurationError, match="WARMLINE_JWT_ALGORITHM: got RS256"):
        read_settings(["--user", "u"], {**GIVEN, "WARMLINE_JWT_ALGORITHM": "RS256"})


@pytest.mark.parametrize("arguments", [[], ["--user", ""], ["--user", "u", "--port", "http"]])
def test_a_wrong_argument_ends_with_exit_code_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_settings(arguments, GIVEN)
    assert ended.value.code == 2
