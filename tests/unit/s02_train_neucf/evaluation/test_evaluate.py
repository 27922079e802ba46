import numpy as np
import pytest

from s02_train_neucf.evaluation.evaluate import (
    MAX_PAIRS,
    EvaluationTask,
    evaluate,
    evaluation_task_of,
    metrics_per_user,
    sample_size,
)
from s02_train_neucf.evaluation.ranker import Ranker, Scores
from s02_train_neucf.evaluation.rankers import Popularity
from shared.errors import ScoringRefused, TrainingRefused
from tests.neucf_worlds import examples_from, posts_of, two_camps


class Fixed:
    """A ranker whose scores are given."""

    def __init__(self, scores: object) -> None:
        self.table = np.array(scores, dtype=np.float32)

    def scores(self, users: slice) -> Scores:
        return self.table[users]


def task() -> EvaluationTask:
    """User 1 knows post 10 and goes on to like 30; user 2 trains only."""
    return evaluation_task_of(examples_from([(1, 10), (2, 20)]), examples_from([(1, 30)]), posts_of([10, 20, 30]))


def oracle_of(task: EvaluationTask) -> Fixed:
    return Fixed(task.test_likes.mask(slice(0, len(task.user_id_hashes))))


def test_a_known_post_takes_no_place() -> None:
    assert metrics_per_user(Fixed([[9.0, 1.0, 2.0]]), task())["hr@5"].tolist() == [1.0]
    assert metrics_per_user(Fixed([[9.0, 1.0, 2.0]]), task(), (1,))["hr@1"].tolist() == [1.0]


def test_all_other_posts_are_ranked() -> None:
    assert metrics_per_user(Fixed([[0.0, 3.0, 2.0]]), task())["mrr@5"].tolist() == [0.5]


def test_only_users_with_something_to_find_are_asked() -> None:
    assert task().user_id_hashes.tolist() == [1]


def test_users_who_are_too_cold_to_be_served_by_the_model_are_not_asked() -> None:
    train = examples_from([(1, 10), (2, 10), (2, 20)])
    asked = evaluation_task_of(train, examples_from([(1, 30), (2, 30), (3, 30)]), posts_of([10, 20, 30]), min_known=2)
    assert asked.user_id_hashes.tolist() == [2]


def test_baselines_learn_from_those_who_are_not_asked_too() -> None:
    assert Popularity(task().train_likes).counts.tolist() == [1.0, 1.0, 0.0]


def test_users_stand_in_one_order_on_both_sides() -> None:
    both = evaluation_task_of(
        examples_from([(5, 10), (3, 20), (4, 20)]), examples_from([(5, 30), (3, 30)]), posts_of([10, 20, 30])
    )
    assert both.known.mask(slice(0, 2)).tolist() == [[False, True, False], [True, False, False]]


def test_what_users_liked_stands_in_the_order_of_time() -> None:
    train = examples_from([(2, 30), (1, 20), (2, 10), (3, 10), (1, 10), (2, 20)])
    asked = evaluation_task_of(train, examples_from([(1, 30), (2, 40)]), posts_of([10, 20, 30, 40]))
    assert asked.in_order is not None
    assert asked.in_order.tolist() == [1, 0, 2, 0, 1]  # of user 1, then of user 2
    first = asked.first_users(1).in_order
    assert first is not None
    assert first.tolist() == [1, 0]


def test_the_order_of_time_stays_among_the_most_liked_posts() -> None:
    train = examples_from(
        [(1, 20), (2, 30), (2, 10), (1, 10), (2, 20), (3, 30), (3, 40), (4, 40), (5, 40), (5, 30), (4, 10)]
    )
    asked = evaluation_task_of(train, examples_from([(1, 20), (2, 40)]), posts_of([10, 20, 30, 40])).of_most_liked(3)
    assert asked.posts.id_hashes.tolist() == [10, 30, 40]
    assert asked.user_id_hashes.tolist() == [2]
    assert asked.in_order is not None
    assert asked.in_order.tolist() == [1, 0]
    assert asked.in_order.tolist() != asked.known.posts.tolist()


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ScoringRefused, match="NaN"):
        metrics_per_user(Fixed([[0.0, np.nan, 2.0]]), task())


def test_nothing_to_ask_is_refused() -> None:
    with pytest.raises(TrainingRefused, match="0 likes after the cut"):
        evaluation_task_of(examples_from([(1, 10)]), examples_from([]), posts_of([10]))


def test_a_report_compares_on_the_same_users() -> None:
    camps = two_camps()
    asked = evaluation_task_of(camps.train, camps.held_back, camps.posts)
    report = evaluate(
        {"oracle": lambda: oracle_of(asked), "popularity": lambda: Popularity(asked.train_likes)},
        asked,
        ours="oracle",
        protocol="held back",
        generator=np.random.default_rng(0),
    )
    figures = report.figures
    gain = report.differences["popularity"]["ndcg@10"].mean
    np.testing.assert_allclose(gain, figures["oracle"]["ndcg@10"].mean - figures["popularity"]["ndcg@10"].mean)


def test_the_most_liked_posts_alone_are_a_task_of_their_own() -> None:
    """Posts 20 and 40 are liked most. User 2 then has nothing to find, and user 9 is asked for nothing at all."""
    train = examples_from([(1, 20), (2, 20), (2, 40), (3, 40), (9, 40), (9, 10)])
    test = examples_from([(1, 40), (2, 10), (3, 10), (3, 20)])
    whole = evaluation_task_of(train, test, posts_of([10, 20, 30, 40]))
    task = whole.of_most_liked(2)
    assert (task.user_id_hashes.tolist(), task.posts.id_hashes.tolist()) == ([1, 3], [20, 40])
    assert task.known.mask(slice(0, 2)).tolist() == [[True, False], [False, True]]
    assert task.test_likes.mask(slice(0, 2)).tolist() == [[False, True], [True, False]]
    assert task.withheld.mask(slice(0, 2)).tolist() == [[True, False], [False, True]]
    assert task.train_likes.counts.sum() == 5, "those of users who are not asked teach, too"
    assert whole.of_most_liked(4) is whole


def test_where_nobody_is_asked_for_the_most_liked_posts_all_stay() -> None:
    whole = evaluation_task_of(examples_from([(1, 20), (2, 20)]), examples_from([(1, 10)]), posts_of([10, 20]))
    assert whole.of_most_liked(1) is whole


def test_figures_are_of_users_with_enough_likes_and_lists_of_all_users() -> None:
    train = examples_from([(1, 10), (1, 20), (2, 10)])
    asked = evaluation_task_of(train, examples_from([(1, 30), (2, 20)]), posts_of([10, 20, 30]))
    lengths = list[int]()
    report = evaluate(
        {"ours": lambda: Fixed([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])},  # right for user 1, wrong for user 2
        asked,
        ours="ours",
        protocol="",
        generator=np.random.default_rng(0),
        min_known=2,
        on_lists=lambda _name, _ranker, lists, _hits: lengths.append(len(lists)),
    )
    assert (report.n_users, report.figures["ours"]["mrr@5"].mean, lengths) == (1, 1.0, [2])


def test_a_system_that_refuses_the_data_is_left_out_and_the_report_says_why() -> None:
    def refuse() -> Ranker:
        raise TrainingRefused("no room")

    report = evaluate(
        {"ours": lambda: oracle_of(task()), "large": refuse},
        task(),
        ours="ours",
        protocol="",
        generator=np.random.default_rng(0),
    )
    assert (list(report.figures), report.left_out) == (["ours"], {"large": "no room"})


def test_of_very_many_users_the_same_sample_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s02_train_neucf.evaluation.evaluate.MIN_SAMPLE", 2)
    train = examples_from([(user, 10) for user in range(20)])
    test = examples_from([(user, 20) for user in range(20)])
    first, again = (evaluation_task_of(train, test, posts_of([10, 20, 30]), max_pairs=12) for _ in range(2))
    assert len(first.user_id_hashes) == 4  # 12 pairs of 3 posts
    assert first.user_id_hashes.tolist() == again.user_id_hashes.tolist()
    assert first.test_likes.users.tolist() == [0, 1, 2, 3]
    assert first.train_likes.n_users == 20  # the others are still learned from


def test_the_sample_is_bounded_both_ways() -> None:
    assert sample_size(1_682, MAX_PAIRS) == 10_000
    assert sample_size(100_000, MAX_PAIRS) == 2_684
    assert sample_size(10_000_000, MAX_PAIRS) == 1_000


def test_of_posts_that_are_not_ranked_nothing_is_asked() -> None:
    both = evaluation_task_of(examples_from([(1, 10)]), examples_from([(1, 20), (1, 30)]), posts_of([10, 20, 30, 40]))
    some = both.among(np.array([True, False, True, True]))
    assert some.n_ranked == 3
    assert metrics_per_user(Fixed([[0.0, 9.0, 1.0, 2.0]]), some)["mrr@5"].tolist() == [0.5]  # 40, then 30
    assert metrics_per_user(Fixed([[0.0, 9.0, 1.0, 2.0]]), some)["recall@5"].tolist() == [1.0]


def test_users_with_nothing_to_find_are_not_counted() -> None:
    both = evaluation_task_of(
        examples_from([(1, 10), (2, 10)]), examples_from([(1, 20), (2, 30)]), posts_of([10, 20, 30])
    ).among(np.array([True, True, False]))
    report = evaluate(
        {"ours": lambda: oracle_of(both)}, both, ours="ours", protocol="", generator=np.random.default_rng(0)
    )
    assert (report.n_users, report.n_posts, report.figures["ours"]["hr@5"].mean) == (1, 2, 1.0)


def test_the_first_users_are_asked_the_same_as_with_all() -> None:
    camps = two_camps()
    all_users = evaluation_task_of(camps.train, camps.held_back, camps.posts)
    popular = Popularity(all_users.train_likes)
    figures, of_some = metrics_per_user(popular, all_users), metrics_per_user(popular, all_users.first_users(5))
    assert {name: values[:5].tolist() for name, values in figures.items()} == {
        name: values.tolist() for name, values in of_some.items()
    }
    assert all_users.first_users(10**6).user_id_hashes.tolist() == all_users.user_id_hashes.tolist()
