import pytest
from hypothesis import given
from hypothesis import strategies as st

from s02_train_neucf.evaluation import split as split_module
from s02_train_neucf.evaluation.split import global_cut, per_user_cut, validation_cut
from shared.domain import InteractionKind
from shared.neucf.examples import Examples
from tests.neucf_worlds import events_of, posts_of, with_repeats

VIEW, LIKE = InteractionKind.VIEW, InteractionKind.LIKE
POSTS = posts_of(list(range(10)))
rows = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(0, 9), st.sampled_from(list(InteractionKind)), st.integers(0, 6).map(float)
    ),
    max_size=40,
)


def pairs(examples: Examples) -> set[tuple[int, int]]:
    return set(zip(examples.user_id_hashes.tolist(), examples.post_id_hashes.tolist(), strict=True))


def test_a_global_cut_trains_on_before_and_asks_for_after() -> None:
    split = global_cut(events_of((1, 1, LIKE, 1.0), (1, 2, LIKE, 5.0), (2, 3, LIKE, 6.0)), POSTS, at=5.0)
    assert (pairs(split.train), pairs(split.test)) == ({(1, 1)}, {(1, 2), (2, 3)})


def test_a_pair_seen_before_and_liked_after_a_global_cut_is_on_neither_side() -> None:
    split = global_cut(events_of((1, 1, VIEW, 1.0), (1, 1, LIKE, 9.0)), POSTS, at=5.0)
    assert (pairs(split.train), pairs(split.test)) == (set(), set())


def test_a_pair_liked_before_and_commented_after_a_global_cut_is_only_trained_on() -> None:
    split = global_cut(events_of((1, 1, LIKE, 1.0), (1, 1, InteractionKind.COMMENT, 9.0)), POSTS, at=5.0)
    assert (pairs(split.train), pairs(split.test)) == ({(1, 1)}, set())


def test_a_per_user_cut_asks_for_the_last_share_of_each_user() -> None:
    rows = [(user, post, LIKE, float(post + 100 * user)) for user in (1, 2) for post in range(10)]
    assert pairs(per_user_cut(events_of(*rows), POSTS, share=0.2).test) == {(1, 8), (1, 9), (2, 8), (2, 9)}


def test_someone_with_one_like_stays_in_training() -> None:
    split = per_user_cut(events_of((1, 1, LIKE, 1.0)), POSTS, share=0.2)
    assert (pairs(split.train), pairs(split.test)) == ({(1, 1)}, set())


def test_someone_with_two_likes_is_asked_for_the_later() -> None:
    split = per_user_cut(events_of((1, 1, LIKE, 9.0), (1, 2, LIKE, 3.0)), POSTS, share=0.2)
    assert (pairs(split.train), pairs(split.test)) == ({(1, 2)}, {(1, 1)})


def test_a_like_after_the_users_cut_of_a_post_seen_before_is_not_trained_on() -> None:
    events = events_of((1, 0, LIKE, 1.0), (1, 1, VIEW, 2.0), (1, 2, LIKE, 5.0), (1, 1, LIKE, 7.0))
    split = per_user_cut(events, POSTS, share=0.4)
    assert (pairs(split.train), pairs(split.test)) == ({(1, 0)}, {(1, 2)})


def test_what_happens_again_holds_nothing_else_back_for_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 likes, 4 are held back; a share that counted repeats would hold fewer."""
    monkeypatch.setattr(split_module, "VALIDATION_LIKES", 4)
    events = events_of(*[(user, post, LIKE, float(post + 100 * user)) for user in (1, 2) for post in range(10)])
    once, again = validation_cut(events, POSTS), validation_cut(with_repeats(events), POSTS)
    assert once is not None
    assert again is not None
    assert (pairs(again.train), pairs(again.test)) == (pairs(once.train), pairs(once.test))
    assert len(once.test) == 4


@given(rows)
def test_no_pair_is_on_both_sides_of_a_global_cut(rows: list[tuple[int, int, InteractionKind, float]]) -> None:
    split = global_cut(events_of(*rows), POSTS, at=3.0)
    assert not pairs(split.train) & pairs(split.test)


@given(rows)
def test_no_event_that_is_trained_on_is_of_a_pair_that_is_asked_for(
    rows: list[tuple[int, int, InteractionKind, float]],
) -> None:
    split = per_user_cut(events_of(*rows), POSTS, share=0.3)
    seen = set(zip(split.train_events.user_id_hashes.tolist(), split.train_events.post_id_hashes.tolist(), strict=True))
    assert not seen & pairs(split.test)


@given(rows)
def test_no_event_of_a_user_that_is_trained_on_is_later_than_what_is_asked(
    rows: list[tuple[int, int, InteractionKind, float]],
) -> None:
    split = per_user_cut(events_of(*rows), POSTS, share=0.3)
    for user in set(split.test.user_id_hashes.tolist()):
        first_asked = split.test.at[split.test.user_id_hashes == user].min()
        assert (split.train_events.at[split.train_events.user_id_hashes == user] <= first_asked).all()
