"""What is encoded, in which order, and when a failure comes back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.content.encoding_plan import Backoff, EncodingPlan, PostSource, RetryState, next_failure, plan_encoding
from shared.content.vanished import GONE_KEPT_FOR, failure_of_gone, split_gone, split_vanished

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BACKOFF = Backoff(first=timedelta(minutes=30), cap=timedelta(days=7))


def post(post_id: str, source: str | None = "s", *, hours_old: float = 1) -> PostSource:
    return PostSource(post_id=post_id, created_at=NOW - timedelta(hours=hours_old), source_hash=source)


def failed(source: str = "s", *, in_minutes: float | None) -> RetryState:
    next_try = None if in_minutes is None else NOW + timedelta(minutes=in_minutes)
    return RetryState(source_hash=source, attempts=1, next_try=next_try)


def plan(
    posts: list[PostSource], stored: dict[str, str] | None = None, failures: dict[str, RetryState] | None = None
) -> EncodingPlan:
    return plan_encoding(posts, stored or {}, failures or {}, now=NOW)


def ids(made: EncodingPlan) -> list[str]:
    return [each.post_id for each in made.to_encode]


def test_the_newest_post_is_encoded_first() -> None:
    assert ids(plan([post("old", hours_old=9), post("new", hours_old=1), post("middle", hours_old=5)])) == [
        "new",
        "middle",
        "old",
    ]


def test_posts_of_one_time_stand_in_the_order_of_their_ids() -> None:
    assert ids(plan([post("b"), post("a")])) == ["a", "b"]


def test_a_post_whose_vector_is_current_is_not_encoded_again() -> None:
    assert ids(plan([post("a")], {"a": "s"})) == []


def test_an_edited_source_is_encoded_again() -> None:
    assert ids(plan([post("a", "edited")], {"a": "before"})) == ["a"]


def test_a_post_without_a_source_is_not_encoded() -> None:
    assert ids(plan([post("a", None)])) == []


def test_a_source_that_was_taken_away_takes_its_vector_along() -> None:
    assert plan([post("a", None), post("b", None)], {"a": "s"}).sourceless == ("a",)


def test_a_failure_waits_for_its_time() -> None:
    assert plan([post("a")], failures={"a": failed(in_minutes=1)}).waiting == 1


def test_a_failure_whose_time_has_come_is_tried() -> None:
    assert ids(plan([post("a")], failures={"a": failed(in_minutes=0)})) == ["a"]


def test_a_lasting_failure_is_not_tried_again() -> None:
    assert ids(plan([post("a")], failures={"a": failed(in_minutes=None)})) == []


def test_a_lasting_failure_is_tried_when_the_source_changed() -> None:
    assert ids(plan([post("a", "new")], failures={"a": failed("old", in_minutes=None)})) == ["a"]


def test_batches_hold_every_post_once_and_in_order() -> None:
    made = plan([post(str(number), hours_old=number) for number in range(7)])
    assert [each.post_id for batch in made.batches(3) for each in batch] == list("0123456")


def test_no_batch_is_larger_than_asked() -> None:
    assert [len(batch) for batch in plan([post(str(number)) for number in range(7)]).batches(3)] == [3, 3, 1]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans(), st.booleans()), max_size=30))
def test_every_post_with_a_source_is_encoded_or_current_or_waiting(
    rows: list[tuple[str, bool, bool, bool]],
) -> None:
    posts = [post(f"{number}", source) for number, (source, *_) in enumerate(rows)]
    stored = {str(number): "a" for number, row in enumerate(rows) if row[1]}
    failures = {str(number): failed("b", in_minutes=5 if row[3] else None) for number, row in enumerate(rows) if row[2]}
    made = plan(posts, stored, failures)
    assert len(made.to_encode) + made.current + made.waiting == len(rows)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 30), (2, 60), (3, 120), (9, 7680), (10, 10_080), (5000, 10_080)])
def test_the_pause_doubles_up_to_the_cap(attempts: int, minutes: float) -> None:
    assert BACKOFF.after(attempts) == timedelta(minutes=minutes)


def test_the_first_failure_counts_one() -> None:
    made = next_failure(None, source_hash="s", retry=True, now=NOW, backoff=BACKOFF)
    assert made == RetryState(source_hash="s", attempts=1, next_try=NOW + timedelta(minutes=30))


def test_a_repeated_failure_waits_twice_as_long() -> None:
    made = next_failure(failed(in_minutes=0), source_hash="s", retry=True, now=NOW, backoff=BACKOFF)
    assert made == RetryState(source_hash="s", attempts=2, next_try=NOW + timedelta(minutes=60))


def test_a_failure_of_a_changed_source_starts_again() -> None:
    made = next_failure(failed("old", in_minutes=0), source_hash="new", retry=True, now=NOW, backoff=BACKOFF)
    assert made.attempts == 1


def test_a_failure_that_will_last_has_no_next_try() -> None:
    assert next_failure(None, source_hash="s", retry=False, now=NOW, backoff=BACKOFF).next_try is None


def test_a_source_that_cannot_be_seen_leaves_its_vector_and_one_without_a_vector_is_tried() -> None:
    away = [replace(post(name, "unknown"), is_away=True) for name in "ab"]
    made = plan(away, {"a": "s"})
    assert (ids(made), made.away) == (["b"], 1)


def test_those_that_failed_before_come_after_those_that_did_not() -> None:
    posts = [post("failed", hours_old=1), post("old", hours_old=9)]
    assert ids(plan(posts, failures={"failed": failed(in_minutes=0)})) == ["old", "failed"]


def test_a_failure_of_a_source_that_is_back_is_resolved() -> None:
    assert plan([post("a")], {"a": "s"}, {"a": failed("broken", in_minutes=None)}).resolved == ("a",)


@pytest.mark.parametrize(("gone", "of", "kept"), [(20, 30, 20), (19, 19, 0), (20, 60, 0), (1, 1, 0)])
def test_sources_that_most_posts_lost_at_once_are_kept_and_single_ones_are_not(gone: int, of: int, kept: int) -> None:
    found = split_vanished([str(number) for number in range(gone)], {}, n_stored=of, now=NOW)
    assert (len(found.to_keep), len(found.to_drop)) == (kept, gone - kept)


def test_posts_of_which_something_is_stored_and_that_are_not_here_any_more_are_gone() -> None:
    made = plan_encoding([post("a"), post("b", None)], {"a": "s", "b": "s", "c": "s"}, {}, now=NOW, failed=["d", "a"])
    assert made.gone == ("c", "d")


def test_a_post_that_is_gone_is_noted_once_and_dropped_when_its_time_is_over() -> None:
    noted = {"a": failure_of_gone(now=NOW), "b": failed(in_minutes=-1)}
    first = split_gone(["a", "b", "c"], noted, now=NOW + GONE_KEPT_FOR - timedelta(minutes=1))
    assert (first.to_drop, first.to_note) == ((), ("b", "c"))
    assert split_gone(["a", "b", "c"], noted, now=NOW + GONE_KEPT_FOR).to_drop == ("a",)


def test_a_post_that_came_back_is_no_longer_noted() -> None:
    assert plan([post("a")], {"a": "s"}, {"a": failure_of_gone(now=NOW)}).resolved == ("a",)
