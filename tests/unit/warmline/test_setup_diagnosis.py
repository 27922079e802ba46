"""What rights, indexes, amounts and Redis' settings mean."""

import pytest

from shared.db.doctor_setup import Amounts, Lookup, Rights, _tested
from shared.ranked_lists.health import RedisHealth
from warmline.setup_diagnosis import judge_amounts, judge_lookup, judge_redis, judge_rights


def rights(*, may_read: bool = True, may_write: bool = False, is_superuser: bool = False) -> str:
    given = Rights(role="reader", is_superuser=is_superuser, may_read=may_read, may_write=may_write)
    return judge_rights("views", "posts", given)[0].severity.name.lower()


def scan(rows: int, *, column: str = "created_at") -> list[str]:
    """The judgement of a table of so many rows that is read whole."""
    lookup = Lookup(relation="posts", column=column, is_indexed=False, table="app.posts", rows=rows, expression=column)
    return [each.severity.name.lower() for each in judge_lookup(lookup, relation="posts", column=column)]


def health(**changes: object) -> RedisHealth:
    given = {"version": (7, 2, 4), "used_bytes": 1, "max_bytes": 0, "policy": "noeviction", **changes}
    return RedisHealth(**given)  # type: ignore[arg-type]


def test_a_role_that_may_only_read_is_good() -> None:
    assert rights() == "good"


def test_a_role_that_may_not_read_is_a_problem() -> None:
    assert rights(may_read=False) == "problem"


def test_a_role_that_may_write_is_a_hint() -> None:
    assert rights(may_write=True) == "hint"


def test_a_superuser_is_a_hint() -> None:
    assert rights(is_superuser=True) == "hint"


@pytest.mark.parametrize(("rows", "found"), [(9_999, []), (10_000, ["hint"]), (1_000_000, ["problem"])])
def test_a_missing_index_matters_as_much_as_its_table_is_large(rows: int, found: list[str]) -> None:
    assert scan(rows) == found


def test_a_column_that_is_rarely_asked_for_never_makes_a_problem() -> None:
    assert scan(10_000_000, column="post_id") == ["hint"]


def test_an_index_that_serves_says_nothing() -> None:
    assert judge_lookup(Lookup(relation="posts", column="id", is_indexed=True), relation="posts", column="id") == []


def test_a_plan_that_does_not_tell_is_a_hint() -> None:
    (found,) = judge_lookup(Lookup(relation="posts", column="id", is_indexed=None), relation="posts", column="id")
    assert found.severity.name == "HINT"


@pytest.mark.parametrize(
    ("condition", "expression"),
    [
        ("(posts.id = 'mark'::text)", "id"),
        ("((p.id)::text = 'mark'::text)", "(id)::text"),
        ("((p.deleted_at IS NULL) AND ((p.id)::text = 'mark'::text))", "(id)::text"),
        ("(timezone('UTC'::text, p.at) >= 'mark 00:00'::timestamptz)", "timezone('UTC'::text, at)"),
    ],
)
def test_the_expression_to_index_is_read_out_of_the_plan(condition: str, expression: str) -> None:
    alias = "posts" if condition.startswith("(posts") else "p"
    assert _tested(condition, "mark", alias=alias) == expression


@pytest.mark.parametrize(
    ("amounts", "severity"),
    [((5_000, 100, 200), "GOOD"), ((4_999, 100, 200), "HINT"), ((5_000, 99, 200), "HINT"), ((5_000, 100, 199), "HINT")],
)
def test_too_little_to_learn_from_is_a_hint(amounts: tuple[int, int, int], severity: str) -> None:
    positives, warm_users, posts = amounts
    found = judge_amounts(Amounts(positives=positives, warm_users=warm_users, posts=posts))
    assert [each.severity.name for each in found] == [severity]


def test_a_redis_that_throws_keys_away_is_a_hint() -> None:
    (found,) = judge_redis(health(max_bytes=10**9, policy="allkeys-lru"))
    assert (found.severity.name, found.got) == ("HINT", "maxmemory-policy allkeys-lru with 1,000 MB")


def test_a_policy_without_a_bound_evicts_nothing() -> None:
    assert judge_redis(health(policy="allkeys-lru"))[0].severity.name == "GOOD"


def test_a_redis_before_7_is_a_problem() -> None:
    assert judge_redis(health(version=(6, 2, 14)))[0].severity.name == "PROBLEM"
