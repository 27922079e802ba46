"""What fields of request bodies refuse, in words that say what is wrong."""

import pytest
from pydantic import ValidationError

from timeline.http.preference_schemas import PreferenceTarget
from timeline.http.schemas import PostPut, UserPut


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"]
)
def test_of_a_time_out_of_range_the_range_is_said(text: str) -> None:
    with pytest.raises(ValidationError, match="a time since 1970, up to the year 9999 in UTC"):
        UserPut.model_validate({"created_at": text})


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59+12:00"])
def test_the_ends_of_the_range_are_taken(text: str) -> None:
    assert UserPut.model_validate({"created_at": text}).created_at is not None


def test_a_word_or_tag_is_bounded_as_it_is_compared() -> None:
    long = "\ufdfa" * 64  # 64 characters that stand for 1,152
    for body in ({"word": long}, {"tag": long}):
        with pytest.raises(ValidationError, match="at most 64 characters as it is compared"):
            PreferenceTarget.model_validate(body)
    with pytest.raises(ValidationError, match="at most 64 characters as it is compared"):
        PostPut.model_validate({"author_id": "ann", "tags": [long]})
    assert PreferenceTarget.model_validate({"word": "\ufdfa" * 3}).word == "\ufdfa" * 3
