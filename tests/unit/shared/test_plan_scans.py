"""Which tables a plan reads whole, and what an index must be on."""

from typing import Any

import pytest

from shared.db.doctor.plan_scans import WholeScan, shows_indexes, whole_scans, without_brackets

MARK = "mark"


def scan(table: str, *, kind: str = "Seq Scan", alias: str = "", **more: Any) -> dict[str, Any]:
    """A node that reads a table."""
    return {"Node Type": kind, "Schema": "app", "Relation Name": table, "Alias": alias or table, **more}


def node(kind: str, *plans: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A node above others."""
    return {"Node Type": kind, "Plans": list(plans), **more}


def expressions(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.table, each.expression) for each in whole_scans(plan, MARK)]


@pytest.mark.parametrize(
    ("condition", "expression"),
    [
        ("(p.id = 'mark'::text)", "id"),
        ("((p.id)::text = 'mark'::text)", "(id)::text"),
        ("((p.deleted_at IS NULL) AND ((p.id)::text = 'mark'::text))", "(id)::text"),
        ("(timezone('UTC'::text, p.at) >= 'x mark+00'::timestamptz)", "timezone('UTC'::text, at)"),
        ("((p.at AT TIME ZONE 'UTC'::text) >= 'x mark+00'::timestamptz)", "at AT TIME ZONE 'UTC'::text"),
        ("('x mark+00'::timestamptz <= p.at)", "at"),
        ("((p.\"userId\")::text = 'mark'::text)", '("userId")::text'),
        ("(views.aid_time(p.id) >= 'mark'::timestamptz)", "views.aid_time(id)"),
        ("((p.note = ' AND p.id = '::text) AND (p.id = 'mark'::text))", "id"),
        ("(GREATEST(p.at, q.at) >= 'mark'::timestamptz)", ""),
    ],
)
def test_the_expression_to_index_is_read_out_of_the_condition(condition: str, expression: str) -> None:
    assert expressions(scan("posts", alias="p", Filter=condition)) == [("posts", expression)]


def test_an_alias_that_is_a_word_of_sql_is_taken_off_with_its_quotes() -> None:
    assert expressions(scan("user", Filter="((\"user\".id)::text = 'mark'::text)")) == [("user", "(id)::text")]


def test_a_lookup_by_an_index_is_no_whole_scan() -> None:
    assert whole_scans(scan("posts", kind="Index Scan", **{"Index Cond": "(posts.id = 'mark'::text)"}), MARK) == []


def test_an_index_that_is_read_to_its_end_is_a_whole_scan() -> None:
    assert expressions(scan("posts", kind="Index Scan", Filter="(posts.at >= 'mark'::x)")) == [("posts", "at")]


def test_all_branches_of_a_union_are_seen() -> None:
    branches = [scan(table, Filter=f"({table}.at >= 'mark'::x)") for table in ("likes", "saves", "likes")]
    assert expressions(node("Append", *branches)) == [("likes", "at"), ("saves", "at")]


def test_a_table_that_is_joined_without_an_index_is_seen() -> None:
    posts = scan("posts", kind="Index Scan", alias="p", **{"Index Cond": "(p.id = 'mark'::text)"})
    join = node("Nested Loop", posts, scan("media", alias="m"), **{"Join Filter": "(m.post_id = p.id)"})
    assert expressions(join) == [("media", "post_id")]


def test_a_subquery_of_each_row_without_an_index_is_seen() -> None:
    media = scan("media", alias="m", Filter="((m.type = 0) AND (m.post_id = p.id))")
    posts = scan("posts", kind="Index Scan", alias="p", **{"Index Cond": "(p.id = 'mark'::text)", "Plans": [media]})
    assert expressions(posts) == [("media", "post_id")]


def test_a_table_that_no_condition_narrows_is_seen_without_an_expression() -> None:
    posts = scan("posts", alias="p", kind="Index Scan", Plans=[scan("reports")], **{"Index Cond": "(p.id = 'mark'::x)"})
    assert expressions(posts) == [("reports", "")]


def test_a_condition_that_is_tested_above_the_tables_names_the_step() -> None:
    plan = node("Aggregate", scan("views"), Filter="(max(views.at) >= 'mark'::x)")
    assert whole_scans(plan, MARK) == [WholeScan(schema="app", table="views", step="Aggregate")]


def test_a_foreign_table_tells_of_no_index() -> None:
    plan = scan("posts", kind="Foreign Scan", Filter="(posts.id = 'mark'::text)")
    assert (whole_scans(plan, MARK), shows_indexes(plan)) == ([], False)


@pytest.mark.parametrize(("text", "inner"), [("((a))", "a"), ("(a)::text", "(a)::text"), ("('(')", "'('"), ("", "")])
def test_brackets_about_the_whole_are_taken_off(text: str, inner: str) -> None:
    assert without_brackets(text) == inner
