"""What to write for a column of a wrong type; the integration tests show that PostgreSQL accepts each."""

from typing import Any

import pytest

from shared.db.cures import ColumnType, cure_absent, cure_type


def cure(column: str, name: str, value: Any = None) -> str:
    return cure_type(column, ColumnType(name=name), value)


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        (1_800_000_000, "to_timestamp(created_at)"),
        (1_800_000_000_000, "to_timestamp(created_at / 1000.0)"),
        (1_800_000_000_000_000, "to_timestamp(created_at / 1000000.0)"),
        (1_800_000_000_000_000_000, "to_timestamp(created_at / 1000000000.0)"),
    ],
)
def test_the_unit_of_a_number_is_judged_by_its_size(value: int, expression: str) -> None:
    assert cure("created_at", "bigint", value).startswith(f"write {expression} AS created_at (it counts ")


def test_a_number_of_unknown_size_gets_both_units() -> None:
    assert cure("created_at", "bigint") == (
        "write to_timestamp(created_at) AS created_at (with / 1000.0 inside, if it counts milliseconds)"
    )


def test_a_zero_in_deleted_at_means_not_deleted() -> None:
    assert "to_timestamp(nullif(deleted_at, 0))" in cure("deleted_at", "bigint", 1_800_000_000)


def test_a_flag_in_place_of_a_time_gets_a_time() -> None:
    assert cure("deleted_at", "boolean").startswith("write CASE WHEN deleted_at THEN now() END AS deleted_at")


def test_a_time_without_a_zone_is_given_one_and_never_the_sessions() -> None:
    assert "created_at AT TIME ZONE 'UTC'" in cure("created_at", "timestamp without time zone")
    assert "::timestamptz" not in cure("created_at", "date")
    assert "first_at AT TIME ZONE 'UTC'" in cure("first_at", "timestamp without time zone")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("x.jpg", ""),
        (["x.jpg"], "0"),
        ([{"width": 3, "url": "x.jpg"}], "0,url"),
        ({"large": {"src": "x.jpg"}}, "large,src"),
        ({"it's": "x.jpg"}, ""),
    ],
)
def test_the_path_to_the_text_in_a_document_is_read_from_an_example(value: Any, path: str) -> None:
    assert cure("image_url", "jsonb", value).startswith(f"write image_url #>> '{{{path}}}' AS image_url")


def test_an_enum_is_named_as_one() -> None:
    assert str(ColumnType(name="app.kind", is_enum=True)) == "the enum app.kind"


def test_a_column_that_may_be_empty_is_written_as_empty() -> None:
    assert cure_absent("posts", "deleted_at").startswith("write NULL::timestamptz AS deleted_at")
    assert cure_absent("posts", "author_id") == "add it to the view"


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("integer", "(suspended <> 0)"),
        ("timestamp with time zone", "(suspended IS NOT NULL)"),
        ("text", "(suspended = 'suspended')"),
    ],
)
def test_a_flag_of_another_type_gets_a_comparison(name: str, expression: str) -> None:
    assert cure("suspended", name).startswith(f"write {expression} AS suspended")
