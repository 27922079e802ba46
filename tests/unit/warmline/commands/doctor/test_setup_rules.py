"""What rights, indexes, amounts and Redis' settings mean."""

from typing import Any

import pytest

from shared.db.doctor.indexes import LookupPlans, MissingIndex
from shared.db.doctor.setup import DatabaseRole, RelationRights, TrainingCounts
from shared.ranked_lists.health import RedisHealth
from warmline.commands.doctor.setup_rules import judge_amounts, judge_lookups, judge_own_role, judge_redis, judge_rights
from warmline.findings import Finding


def rights(*, may_read: bool = True, may_write: bool = False, is_superuser: bool = False) -> str:
    given = RelationRights(role="reader", is_superuser=is_superuser, may_read=may_read, may_write=may_write)
    return judge_rights("views", "posts", given)[0].severity.name.lower()


def missing(rows: int, *serves: str, **changes: Any) -> MissingIndex:
    """A table of so many rows that is read whole."""
    given = {"serves": serves or ("posts.created_at",), "table": "app.posts", "rows": rows, "expression": "created_at"}
    return MissingIndex(**{**given, **changes})


def judged(*indexes: MissingIndex) -> list[Finding]:
    return judge_lookups(LookupPlans(missing=indexes, slow=(), unknown=()))


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


@pytest.mark.parametrize(("rows", "found"), [(9_999, []), (10_000, ["HINT"]), (1_000_000, ["PROBLEM"])])
def test_a_missing_index_matters_as_much_as_its_table_is_large(rows: int, found: list[str]) -> None:
    assert [each.severity.name for each in judged(missing(rows))] == found


def test_a_column_that_is_rarely_asked_for_never_makes_a_problem() -> None:
    assert [each.severity.name for each in judged(missing(10_000_000, "interactions.post_id"))] == ["HINT"]


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        ("created_at", "(created_at)"),
        ('"userId"', '("userId")'),
        ("(id)::text", "(((id)::text))"),
        ("created_at AT TIME ZONE 'UTC'::text", "((created_at AT TIME ZONE 'UTC'::text))"),
    ],
)
def test_an_index_is_written_as_postgresql_takes_it(expression: str, key: str) -> None:
    (found,) = judged(missing(20_000, expression=expression))
    assert found.todo == f"CREATE INDEX CONCURRENTLY ON app.posts {key};"


def test_an_index_on_a_partitioned_table_is_not_made_concurrently() -> None:
    (found,) = judged(missing(20_000, is_partitioned=True))
    assert found.todo.startswith("CREATE INDEX ON app.posts (created_at);")


def test_an_index_that_postgresql_refuses_is_not_asked_for() -> None:
    (found,) = judged(missing(20_000, obstacle="the cast from date to text"))
    assert "CREATE" not in found.todo
    assert "the cast from date to text" in found.todo


@pytest.mark.parametrize(("is_superuser", "severity"), [(True, "hint"), (False, "good")])
def test_a_superuser_as_our_own_role_is_a_hint(is_superuser: bool, severity: str) -> None:
    (finding,) = judge_own_role(DatabaseRole(name="warmline", is_superuser=is_superuser))
    assert finding.severity.name.lower() == severity


def test_a_plan_that_does_not_tell_and_one_that_takes_too_long_are_hints() -> None:
    found = judge_lookups(LookupPlans(missing=(), slow=("users.id",), unknown=("posts.id",)))
    assert [(each.severity.name, each.where) for each in found] == [("HINT", "users.id"), ("HINT", "posts.id")]


@pytest.mark.parametrize(
    ("amounts", "severity"),
    [((5_000, 100, 200), "GOOD"), ((4_999, 100, 200), "HINT"), ((5_000, 99, 200), "HINT"), ((5_000, 100, 199), "HINT")],
)
def test_too_little_to_learn_from_is_a_hint(amounts: tuple[int, int, int], severity: str) -> None:
    positives, warm_users, posts = amounts
    found = judge_amounts(TrainingCounts(positives=positives, warm_users=warm_users, posts=posts))
    assert [each.severity.name for each in found] == [severity]


def test_a_redis_that_throws_keys_away_is_a_hint() -> None:
    (found,) = judge_redis(health(max_bytes=10**9, policy="allkeys-lru"))
    assert (found.severity.name, found.got) == ("HINT", "maxmemory-policy allkeys-lru with 1,000 MB")


def test_a_policy_without_a_bound_evicts_nothing() -> None:
    assert judge_redis(health(policy="allkeys-lru"))[0].severity.name == "GOOD"


def test_a_redis_before_7_is_a_problem() -> None:
    assert judge_redis(health(version=(6, 2, 14)))[0].severity.name == "PROBLEM"


def test_a_redis_that_does_not_speak_of_itself_is_good() -> None:
    assert judge_redis(None)[0].severity.name == "GOOD"
