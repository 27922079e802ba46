import numpy as np
import pytest

from s02_train_neucf.baselines import Popularity, Ranker, Scores
from s02_train_neucf.evaluate import Exam, evaluate, exam_of, per_user
from shared.errors import ScoringRefused, TrainingRefused
from tests.neucf_worlds import examples_from, posts_of, two_camps


class Fixed:
    """A ranker whose scores are given."""

    def __init__(self, scores: object) -> None:
        self.table = np.array(scores, dtype=np.float32)

    def scores(self, users: slice) -> Scores:
        return self.table[users]


def exam() -> Exam:
    """User 1 knows post 10 and goes on to like 30; user 2 trains only."""
    return exam_of(examples_from([(1, 10), (2, 20)]), examples_from([(1, 30)]), posts_of([10, 20, 30]))


def oracle_of(exam: Exam) -> Fixed:
    return Fixed(exam.wanted.mask(slice(0, len(exam.user_keys))))


def test_a_known_post_takes_no_place() -> None:
    assert per_user(Fixed([[9.0, 1.0, 2.0]]), exam())["hr@5"].tolist() == [1.0]
    assert per_user(Fixed([[9.0, 1.0, 2.0]]), exam(), (1,))["hr@1"].tolist() == [1.0]


def test_all_other_posts_are_ranked() -> None:
    assert per_user(Fixed([[0.0, 3.0, 2.0]]), exam())["mrr@5"].tolist() == [0.5]


def test_only_users_with_something_to_find_are_asked() -> None:
    assert exam().user_keys.tolist() == [1]


def test_users_who_are_too_cold_to_be_served_by_the_model_are_not_asked() -> None:
    train = examples_from([(1, 10), (2, 10), (2, 20)])
    asked = exam_of(train, examples_from([(1, 30), (2, 30), (3, 30)]), posts_of([10, 20, 30]), min_known=2)
    assert asked.user_keys.tolist() == [2]


def test_baselines_learn_from_those_who_are_not_asked_too() -> None:
    assert Popularity(exam().everyone).counts.tolist() == [1.0, 1.0, 0.0]


def test_users_stand_in_one_order_on_both_sides() -> None:
    both = exam_of(
        examples_from([(5, 10), (3, 20), (4, 20)]), examples_from([(5, 30), (3, 30)]), posts_of([10, 20, 30])
    )
    assert both.known.mask(slice(0, 2)).tolist() == [[False, True, False], [True, False, False]]


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ScoringRefused, match="NaN"):
        per_user(Fixed([[0.0, np.nan, 2.0]]), exam())


def test_nothing_to_ask_is_refused() -> None:
    with pytest.raises(TrainingRefused, match="0 likes after the cut"):
        exam_of(examples_from([(1, 10)]), examples_from([]), posts_of([10]))


def test_a_report_compares_on_the_same_users() -> None:
    camps = two_camps()
    asked = exam_of(camps.train, camps.held_back, camps.posts)
    systems: dict[str, Ranker] = {"oracle": oracle_of(asked), "popularity": Popularity(asked.everyone)}
    report = evaluate(systems, asked, ours="oracle", protocol="held back", generator=np.random.default_rng(0))
    figures = report.figures
    gain = report.differences["popularity"]["ndcg@10"].mean
    np.testing.assert_allclose(gain, figures["oracle"]["ndcg@10"].mean - figures["popularity"]["ndcg@10"].mean)
