"""What figures about rows mean."""

import pytest
from rich.console import Console

from shared.db.doctor.rows import OPTIONAL_CHECKS, ROW_CHECKS, EarlyEvents, RowShare
from shared.domain import ID_RULE
from warmline.commands.doctor.row_rules import (
    RULES,
    judge_deleted,
    judge_duplicates,
    judge_early,
    judge_kinds,
    judge_old,
    judge_repeats,
    judge_rows,
    judge_unknown,
)
from warmline.findings import Finding, Severity, has_problem, hint, in_order, merge_repeats, problem, show

NONE = RowShare(count=0, total=100)


def severities(findings: list[Finding]) -> list[str]:
    return [each.severity.name.lower() for each in findings]


def posts(**counts: int) -> list[Finding]:
    """The judgement of 100 posts of which so many fail the checks named."""
    return judge_rows(
        "posts", {check: RowShare(count=counts.get(check, 0), total=100) for check in ROW_CHECKS["posts"]}
    )


def test_every_check_but_deleted_has_a_rule() -> None:
    optional = {
        relation: {check for checks in columns.values() for check in checks}
        for relation, columns in OPTIONAL_CHECKS.items()
    }
    assert {
        relation: set(checks) - {"deleted"} | optional.get(relation, set()) for relation, checks in ROW_CHECKS.items()
    } == {relation: set(rules) for relation, rules in RULES.items()}


@pytest.mark.parametrize("relation", RULES)
def test_one_unusable_id_is_a_problem_in_every_relation_by_the_one_rule(relation: str) -> None:
    shares = {check: RowShare(count=int(check == "unusable_id"), total=100) for check in ROW_CHECKS[relation]}
    (finding,) = judge_rows(relation, shares)
    assert (finding.severity, finding.expected) == (Severity.PROBLEM, ID_RULE)


def test_an_unusable_id_is_shown_so_that_one_sees_why(capsys: pytest.CaptureFixture[str]) -> None:
    examples = (" u3 ", "", "a\tb", "ann b")
    show(problem("users", "got", expected="", todo="", examples=examples), Console(width=200))
    assert r"such as ' u3 ', '', 'a\tb', ann b" in capsys.readouterr().out


def test_rows_without_a_fault_are_good() -> None:
    assert severities(posts()) == ["good"]


def test_one_future_post_of_a_hundred_is_a_problem() -> None:
    assert severities(posts(future=1)) == ["problem"]


def test_posts_without_image_are_never_more_than_a_hint() -> None:
    assert severities(posts(no_image=100)) == ["hint"]


def test_a_finding_says_how_many_of_how_many_and_what_to_do() -> None:
    (found,) = posts(no_caption=3)
    assert (found.where, found.got) == ("posts.caption", "3 of 100 newest rows have no caption")
    assert "phase 2 knows them by their photo alone" in found.todo


def test_rows_that_took_too_long_are_a_hint() -> None:
    assert severities(judge_rows("posts", None)) == ["hint"]


def test_nearly_all_posts_deleted_is_a_problem() -> None:
    assert severities(judge_deleted(RowShare(count=95, total=100), NONE)) == ["problem"]


def test_a_small_app_may_have_deleted_all_its_posts() -> None:
    assert severities(judge_deleted(RowShare(count=5, total=5), NONE)) == ["good"]


def test_activity_on_deleted_posts_is_a_problem() -> None:
    assert severities(judge_deleted(RowShare(count=40, total=100), RowShare(count=60, total=100))) == ["problem"]


def test_a_few_late_events_are_a_hint() -> None:
    assert severities(judge_deleted(RowShare(count=40, total=100), RowShare(count=2, total=100))) == ["hint"]


def test_a_normal_share_of_deleted_posts_is_good() -> None:
    assert severities(judge_deleted(RowShare(count=10, total=100), NONE)) == ["good"]


def test_half_of_the_ids_unknown_is_a_problem_of_spelling() -> None:
    (found,) = judge_unknown("interactions", "post_id", "posts", RowShare(count=50, total=100, examples=("P1",)))
    assert (found.severity, found.got) == (Severity.PROBLEM, "50 of 100 ids are not in posts")


def test_some_unknown_ids_are_a_hint() -> None:
    assert severities(judge_unknown("interactions", "post_id", "posts", RowShare(count=1, total=100))) == ["hint"]


def test_a_double_id_is_a_problem() -> None:
    assert severities(judge_duplicates("posts", RowShare(count=1, total=0, examples=("p1",)))) == ["problem"]


def test_an_implausibly_old_row_is_a_hint() -> None:
    assert severities(judge_old("users", RowShare(count=1, total=0))) == ["hint"]


def test_unknown_kinds_are_named_with_their_counts() -> None:
    (found,) = judge_kinds({"like": 90, "favourite": 10})
    assert (found.severity, found.got) == (Severity.HINT, "favourite 10")


def test_nothing_but_unknown_kinds_is_a_problem() -> None:
    assert severities(judge_kinds({"LIKE": 90})) == ["problem"]


def test_no_interactions_yet_is_no_trouble() -> None:
    assert severities(judge_kinds({})) == ["good"]


def test_problems_come_first_and_decide_the_exit_code() -> None:
    findings = posts(no_image=1) + posts(future=50)
    assert severities(in_order(findings)) == ["problem", "hint"]
    assert has_problem(findings)
    assert not has_problem(posts(no_image=1))


def test_html_in_a_few_captions_is_not_worth_a_word() -> None:
    few = {check: RowShare(count=0, total=1_000) for check in ROW_CHECKS["posts"]} | {
        "html_caption": RowShare(count=9, total=1_000)
    }
    assert severities(judge_rows("posts", few)) == ["good"]
    assert severities(judge_rows("posts", few | {"html_caption": RowShare(count=10, total=1_000)})) == ["hint"]


def empty(relation: str, *, is_view: bool) -> list[str]:
    shares = {check: RowShare(count=0, total=0) for check in ROW_CHECKS[relation]}
    return severities(judge_rows(relation, shares, is_view=is_view))


def test_views_without_users_or_posts_are_a_problem_and_own_tables_without_them_are_not() -> None:
    assert [empty(relation, is_view=True) for relation in ROW_CHECKS] == [["problem"], ["problem"], ["hint"], ["hint"]]
    assert [empty(relation, is_view=False) for relation in ROW_CHECKS] == [["hint"]] * 4


def early(count: int, *, hours: float) -> list[Finding]:
    return judge_early(EarlyEvents(share=RowShare(count=count, total=100), hours=hours))


def test_events_nine_hours_before_their_post_are_a_problem_of_zones() -> None:
    (found,) = early(30, hours=-8.97)
    assert found.severity is Severity.PROBLEM
    assert found.got == "30 of 100 recent events are dated before their post, the earliest by about 9 hours"


def test_a_few_events_some_minutes_before_their_post_are_a_hint() -> None:
    (found,) = early(4, hours=-0.2)
    assert (found.severity, found.got.rpartition(" by ")[2]) == (Severity.HINT, "12 minutes")


def test_no_event_before_its_post_says_nothing() -> None:
    assert early(0, hours=0) == []


def test_rows_that_repeat_are_a_hint() -> None:
    assert severities(judge_repeats("interactions", RowShare(count=50, total=100))) == ["hint"]
    assert judge_repeats("interactions", NONE) == []


def test_what_is_the_same_of_two_places_is_said_once() -> None:
    places = [hint(where, "got", expected="expected", todo="todo") for where in ("a", "b")]
    other = hint("a", "something else", expected="expected", todo="todo")
    assert [each.where for each in merge_repeats([*places, other])] == ["a, b", "a"]
