"""Which rows can be imported, and why another one cannot."""

import re

import pytest

from shared.domain import ID_RULE
from warmline.commands.import_data import row_checks
from warmline.commands.import_data.row_checks import (
    BadRow,
    Value,
    check_block,
    check_interaction,
    check_post,
    check_user,
)

AT = "2026-01-31T12:00:00Z"
AT_UTC = "2026-01-31T12:00:00+00:00"


def reason_of(relation: str, *values: Value) -> str:
    with pytest.raises(BadRow) as refused:
        row_checks.CHECKS[relation](values)
    return refused.value.reason


def test_a_good_user_passes() -> None:
    assert check_user(("u1", AT, None)) == ("u1", AT_UTC, None)


@pytest.mark.parametrize(("value", "flag"), [("TRUE", "true"), ("t", "true"), ("0", "false"), (None, None)])
def test_a_flag_is_true_or_false_or_nothing(value: Value, flag: str | None) -> None:
    assert check_user(("u1", AT, value))[2] == flag


def test_a_time_with_an_offset_is_given_in_utc() -> None:
    assert check_user(("u1", "2026-01-31T14:00:00.5+02:00", None))[1] == "2026-01-31T12:00:00.500000+00:00"


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59+00:00", "9999-12-31T23:59:59-12:00", 10**18, -1, -(10**18)]
)
def test_of_a_time_out_of_range_the_range_is_said(value: str | int) -> None:
    with pytest.raises(row_checks.BadRow, match="expected a time since 1970, up to the year 9999 in UTC"):
        row_checks.check_user(("u1", value, None))


def test_microseconds_since_1970_are_a_time() -> None:
    assert check_user(("u1", 1_000_000, None))[1] == "1970-01-01T00:00:01+00:00"


def test_a_post_needs_neither_caption_nor_image() -> None:
    assert check_post(("p1", "u1", None, None, AT, *[None] * 5)) == ("p1", "u1", None, None, AT_UTC, *[None] * 5)


def test_an_event_ahead_of_now_is_kept_as_it_is() -> None:
    assert check_interaction(("u1", "p1", "like", "2999-01-01T00:00:00Z", None, None))[3] == "2999-01-01T00:00:00+00:00"


@pytest.mark.parametrize("first_at", ["2026-01-31T14:00:00+02:00", "2026-01-01T00:00:00Z", 1_000_000, None])
def test_an_event_may_say_when_it_happened_first(first_at: Value) -> None:
    stored = check_interaction(("u1", "p1", "like", AT, None, first_at))[5]
    assert (stored is None) == (first_at is None)
    assert stored is None or stored <= AT_UTC


@pytest.mark.parametrize(
    ("relation", "values", "reason"),
    [
        ("users", (None, AT, None), row_checks.MISSING),
        ("users", ("u1", None, None), row_checks.MISSING),
        ("users", ("x" * 129, AT, None), row_checks.BAD_ID),
        ("users", ("u\n1", AT, None), row_checks.BAD_ID),
        ("users", (" u3 ", AT, None), row_checks.BAD_ID),
        ("users", ("u3\u00a0", AT, None), row_checks.BAD_ID),
        ("posts", ("p1", "u3 ", "", None, AT, *[None] * 5), row_checks.BAD_ID),
        ("blocks", ("u1", "\tu2", AT), row_checks.BAD_ID),
        ("posts", ("p1", "u1", "", "s3://bucket/1.jpg", AT, None), row_checks.BAD_URL),
        ("interactions", ("u1", "p1", "like", AT, " e1", None), row_checks.BAD_ID),
        ("users", ("u\x001", AT, None), row_checks.NUL),
        ("users", ("u\udcff", AT, None), row_checks.NOT_UTF8),
        ("users", ("u1", "2026-01-31T12:00:00", None), row_checks.NO_ZONE),
        ("users", ("u1", "2026-01-31", None), row_checks.NO_ZONE),
        ("users", ("u1", "yesterday", None), row_checks.BAD_TIME),
        ("users", ("u1", "0001-01-01T00:00:00Z", None), row_checks.BAD_TIME),
        ("users", ("u1", "9999-12-31T23:59:59-12:00", None), row_checks.BAD_TIME),
        ("users", ("u1", 10**18, None), row_checks.BAD_TIME),
        ("users", ("u1", AT, "perhaps"), row_checks.BAD_FLAG),
        ("posts", ("p1", "u1", "a\x00b", None, AT, *[None] * 5), row_checks.NUL),
        ("posts", ("p1", "u1", "caf\udce9", None, AT, *[None] * 5), row_checks.NOT_UTF8),
        ("posts", ("p1", None, "", None, AT, *[None] * 5), row_checks.MISSING),
        ("posts", ("p1", "u1", "", None, AT, "soon", *[None] * 4), row_checks.BAD_TIME),
        ("interactions", ("u1", "p1", "Like", AT, None, None), row_checks.UNKNOWN_KIND),
        ("interactions", ("u1", "p1", None, AT, None, None), row_checks.MISSING),
        ("interactions", ("u1", "p1", "like", AT, "x" * 129, None), row_checks.BAD_ID),
        ("interactions", ("u1", "p1", "like", AT, None, "soon"), row_checks.BAD_TIME),
        ("interactions", ("u1", "p1", "like", AT, None, "2026-01-31T12:00:00.5Z"), row_checks.FIRST_AFTER_LAST),
        ("blocks", ("u1", "u1", AT), row_checks.SELF_BLOCK),
    ],
)
def test_a_bad_row_is_refused_for_its_reason(relation: str, values: tuple[Value, ...], reason: str) -> None:
    assert reason_of(relation, *values) == reason


def test_a_refusal_says_column_got_and_expected() -> None:
    with pytest.raises(BadRow, match=r"kind: got 'lik', expected one of view, like, comment, save, share, hide"):
        check_interaction(("u1", "p1", "lik", AT, None, None))


def test_an_unusable_id_is_refused_in_the_rules_own_words() -> None:
    with pytest.raises(BadRow, match=re.escape(f"id: got ' u3 ', expected {ID_RULE}")):
        check_user((" u3 ", AT, None))


def test_a_long_value_is_not_repeated_whole() -> None:
    with pytest.raises(BadRow) as refused:
        check_user(("u1", "x" * 10_000, None))
    assert len(str(refused.value)) < 200


def test_two_different_users_are_a_good_block() -> None:
    assert check_block(("u1", "u2", AT)) == ("u1", "u2", AT_UTC)
