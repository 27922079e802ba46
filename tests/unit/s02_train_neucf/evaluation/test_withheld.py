"""What an evaluation never ranks: what was seen before the cut, liked or not, and a user's own posts."""

import numpy as np
import pytest

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation import withheld
from s02_train_neucf.evaluation.evaluate import EvaluationTask, evaluation_task_of, metrics_per_user, task_of_split
from s02_train_neucf.evaluation.ranker import Scores
from s02_train_neucf.evaluation.split import Split, global_cut, per_user_cut, validation_cut
from s02_train_neucf.evaluation.withheld import withheld_codes
from shared.domain import InteractionKind
from shared.event_columns import Events
from tests.judged_worlds import LASTS, affinities, tastes
from tests.neucf_worlds import events_of, posts_of, two_camps

VIEW, LIKE, HIDE = InteractionKind.VIEW, InteractionKind.LIKE, InteractionKind.HIDE
POSTS = posts_of([10, 20, 30, 40], authors=[7, 8, 1, 8])
POSTS_OF_NOBODY = posts_of([10, 20, 30, 40])
EVENTS = events_of((1, 10, VIEW, 1.0), (1, 20, HIDE, 2.0), (2, 10, VIEW, 3.0), (2, 10, LIKE, 4.0), (3, 40, VIEW, 5.0))


def pairs(likes: LikeMatrix) -> set[tuple[int, int]]:
    return set(zip(likes.users.tolist(), likes.posts.tolist(), strict=True))


def withheld_pairs(users: list[int], events: Events) -> set[tuple[int, int]]:
    codes = withheld_codes(np.array(users, dtype=np.int64), POSTS, events)
    return pairs(LikeMatrix.of_codes(codes, n_users=len(users), n_posts=len(POSTS)))


class Scored:
    """A ranker whose scores are given for everybody."""

    def __init__(self, table: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
        self.table = table.astype(np.float32)

    def scores(self, users: slice) -> Scores:
        return self.table[users]


def test_any_event_and_whoever_wrote_a_post_withhold_it() -> None:
    assert withheld_pairs([1, 2], EVENTS) == {(0, 0), (0, 1), (0, 2), (1, 0)}  # user 1 wrote the post of index 2


def test_other_users_and_posts_that_are_gone_withhold_nothing() -> None:
    gone = events_of((1, 99, VIEW, 1.0), (5, 10, VIEW, 1.0))
    assert withheld_pairs([2], gone) == set()
    assert withheld_pairs([], EVENTS) == set()


def test_events_that_are_read_in_parts_withhold_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = withheld_pairs([1, 2, 3], EVENTS)
    monkeypatch.setattr(withheld, "EVENTS_AT_ONCE", 2)
    assert withheld_pairs([1, 2, 3], EVENTS) == whole


def split_of(name: str) -> Split:
    data = tastes(0, n_users=40, n_posts=80, ignored=10, liked=(5, 20))
    if name == "global":
        return global_cut(data.events, data.posts, at=0.7 * LASTS)
    return per_user_cut(data.events, data.posts, share=0.2)


@pytest.mark.parametrize("name", ["global", "per user"])
def test_what_is_asked_for_is_never_withheld_and_all_that_was_seen_is(name: str) -> None:
    split, posts = split_of(name), tastes(0, n_users=40, n_posts=80, ignored=10, liked=(5, 20)).posts
    task = task_of_split(split, posts)
    asked, held = pairs(task.test_likes), pairs(task.withheld)
    assert asked
    assert not asked & held
    assert pairs(task.known) < held  # and views without a like
    assert task.known.counts.tolist() == [
        int((split.train.user_id_hashes == user).sum()) for user in task.user_id_hashes
    ]  # of which the least likes of a user are counted


def task_of_tastes() -> tuple[EvaluationTask, np.ndarray[tuple[int, int], np.dtype[np.bool_]]]:
    """The per-user cut of a world of tastes, and which posts each test user had seen before it."""
    data = tastes(1)
    split = per_user_cut(data.events, data.posts, share=0.2)
    task, events = task_of_split(split, data.posts), split.train_events
    seen = np.zeros((len(task.user_id_hashes), len(data.posts)), dtype=np.bool_)
    of_asked = np.isin(events.user_id_hashes, task.user_id_hashes)
    users = np.searchsorted(task.user_id_hashes, events.user_id_hashes[of_asked])
    seen[users, data.posts.indices(events.post_id_hashes[of_asked])] = True
    return task, seen


def test_nobody_gains_by_knowing_what_was_seen() -> None:
    task, seen = task_of_tastes()
    guesses = affinities(np.random.default_rng(5), *seen.shape)
    plain, knows_what_was_seen = (metrics_per_user(Scored(guesses - 9.0 * low), task) for low in (0 * seen, seen))
    for metric, values in plain.items():
        np.testing.assert_array_equal(knows_what_was_seen[metric], values)


def test_of_data_with_likes_alone_the_likes_are_withheld_as_ever() -> None:
    camps = two_camps()
    task = evaluation_task_of(camps.train, camps.held_back, camps.posts)
    assert pairs(task.withheld) == pairs(task.known)


def test_validation_withholds_what_was_seen_too() -> None:
    events = events_of(
        (1, 10, LIKE, 1.0), (1, 20, LIKE, 2.0), (1, 40, VIEW, 3.0), (1, 30, LIKE, 4.0), (2, 20, LIKE, 1.0)
    )  # fmt: skip
    split = validation_cut(events, POSTS_OF_NOBODY)
    assert split is not None
    task = task_of_split(split, POSTS_OF_NOBODY)
    assert (pairs(task.test_likes), pairs(task.withheld)) == ({(0, 2)}, {(0, 0), (0, 1), (0, 3)})
