import numpy as np
import pytest

from shared.domain import InteractionKind
from shared.errors import TrainingRefused
from shared.neucf import examples
from shared.neucf.examples import Examples, examples_of
from tests.neucf_worlds import events_of, posts_of

VIEW, LIKE, COMMENT, SAVE, SHARE, HIDE = InteractionKind


def pairs(examples: Examples) -> list[tuple[int, int, float]]:
    columns = zip(examples.user_id_hashes, examples.post_id_hashes, examples.at, strict=True)
    return [(int(user), int(post), float(at)) for user, post, at in columns]


def test_a_view_is_never_positive() -> None:
    assert pairs(examples_of(events_of((1, 5, VIEW, 10.0)), posts_of([5]))) == []


@pytest.mark.parametrize("kind", [LIKE, COMMENT, SAVE, SHARE])
def test_each_positive_kind_makes_an_example(kind: InteractionKind) -> None:
    assert pairs(examples_of(events_of((1, 5, kind, 10.0)), posts_of([5]))) == [(1, 5, 10.0)]


def test_all_events_of_one_user_on_one_post_are_one_example_dated_by_the_first() -> None:
    events = events_of((1, 5, COMMENT, 40.0), (1, 5, LIKE, 30.0), (1, 5, VIEW, 20.0))
    assert pairs(examples_of(events, posts_of([5]))) == [(1, 5, 20.0)]


def test_events_on_other_posts_or_by_others_do_not_date_an_example() -> None:
    events = events_of((1, 5, LIKE, 30.0), (2, 5, VIEW, 1.0), (1, 6, VIEW, 2.0))
    assert pairs(examples_of(events, posts_of([5, 6]))) == [(1, 5, 30.0)]


def test_liking_your_own_post_is_no_example() -> None:
    events = events_of((1, 5, LIKE, 10.0), (2, 5, LIKE, 11.0))
    assert pairs(examples_of(events, posts_of([5], authors=[1]))) == [(2, 5, 11.0)]


def test_a_post_that_was_hidden_is_no_example_even_when_liked() -> None:
    events = events_of((1, 5, LIKE, 10.0), (1, 5, HIDE, 12.0), (2, 5, HIDE, 13.0))
    assert pairs(examples_of(events, posts_of([5]))) == []


def test_a_post_that_does_not_exist_is_no_example() -> None:
    assert pairs(examples_of(events_of((1, 5, LIKE, 10.0), (1, 6, LIKE, 11.0)), posts_of([6]))) == [(1, 6, 11.0)]


def test_examples_come_by_time() -> None:
    events = events_of((1, 5, LIKE, 30.0), (2, 6, LIKE, 10.0), (1, 6, LIKE, 20.0))
    assert [at for _, _, at in pairs(examples_of(events, posts_of([5, 6])))] == [10.0, 20.0, 30.0]


def test_no_events_make_no_examples() -> None:
    assert pairs(examples_of(events_of(), posts_of([]))) == []


def test_a_time_that_is_no_number_is_refused() -> None:
    with pytest.raises(TrainingRefused, match="time is NaN"):
        events_of((1, 5, LIKE, np.nan))


@pytest.mark.parametrize("rows", [[(1, 5, LIKE, 1.0), (1, 6, LIKE, 2.0), (1, 7, LIKE, 3.0)],
                                  [(1, 7, LIKE, 3.0), (1, 5, LIKE, 1.0), (1, 6, LIKE, 2.0)]])  # fmt: skip
def test_what_was_before_a_moment_is_found_in_any_order(rows: list[tuple[int, int, InteractionKind, float]]) -> None:
    assert sorted(events_of(*rows).before(3.0).post_id_hashes.tolist()) == [5, 6]


def test_of_events_in_order_of_time_what_was_before_a_moment_is_no_copy() -> None:
    events = events_of((1, 5, LIKE, 1.0), (1, 6, LIKE, 2.0), (1, 7, LIKE, 3.0))
    assert np.shares_memory(events.before(3.0).user_id_hashes, events.user_id_hashes)


def test_a_pair_has_one_first_time_whatever_happened_first_and_later(monkeypatch: pytest.MonkeyPatch) -> None:
    events = events_of(
        (1, 5, LIKE, 30.0), (1, 5, VIEW, 20.0), (3, 5, HIDE, 10.0), (1, 6, LIKE, 25.0), (1, 5, COMMENT, 40.0)
    )
    assert examples.first_times(events).tolist() == [10.0, 20.0, 25.0]
    monkeypatch.setattr(examples, "EVENTS_AT_ONCE", 2)
    assert examples.first_times(events).tolist() == [10.0, 20.0, 25.0]
    assert examples.first_times(events_of()).tolist() == []


def test_many_events_are_merged_part_by_part_to_the_same_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    kinds = list(InteractionKind)
    rows = [
        (int(rng.integers(-9, 9)), int(rng.integers(12)), kinds[rng.integers(6)], float(rng.integers(50)))
        for _ in range(300)
    ]
    events, posts = events_of(*rows), posts_of(list(range(10)), authors=list(range(10)))
    whole = pairs(examples_of(events, posts))
    monkeypatch.setattr(examples, "EVENTS_AT_ONCE", 40)
    assert len(whole) > 30
    assert pairs(examples_of(events, posts)) == whole
