"""Baselines get the setting that is best on the validation split."""

from dataclasses import replace

import numpy as np
import pytest

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation import rankers, tuning
from s02_train_neucf.evaluation.evaluate import evaluation_task_of, metrics_per_user, task_of_split
from s02_train_neucf.evaluation.ials import IALS
from s02_train_neucf.evaluation.ranker import Ranker, Scores
from s02_train_neucf.evaluation.split import per_user_cut, validation_cut
from s02_train_neucf.evaluation.tuning import TUNABLE, Setting, Tunable, TunedBaselines, best_setting
from shared.errors import TrainingRefused
from tests.judged_worlds import tastes
from tests.neucf_worlds import examples_from, posts_of

TASK = evaluation_task_of(examples_from([(1, 10), (2, 10)]), examples_from([(1, 20), (2, 30)]), posts_of([10, 20, 30]))


class Guess:
    """Ranks one post first."""

    def __init__(self, index: float, *, n_posts: int = 3) -> None:
        self.index, self.n_posts = int(index), n_posts

    def scores(self, users: slice) -> Scores:
        scores = np.zeros((users.stop - users.start, self.n_posts), dtype=np.float32)
        scores[:, self.index] = 1.0
        return scores


def guesses(*indices: float) -> Tunable:
    return Tunable(
        make=lambda _likes, setting, _seed: Guess(setting["index"]), grid=tuple({"index": i} for i in indices)
    )


def test_the_best_on_validation_is_taken() -> None:
    later = evaluation_task_of(examples_from([(1, 10)]), examples_from([(1, 30)]), posts_of([10, 20, 30]))
    assert best_setting(guesses(1, 2), later, seed=0) == {"index": 2}


def test_of_equal_settings_the_first_is_taken() -> None:
    assert best_setting(guesses(2, 1), TASK, seed=0) == {"index": 2}


def test_where_nothing_is_held_back_the_first_is_taken() -> None:
    assert best_setting(guesses(0, 2), None, seed=0) == {"index": 0}


def test_of_many_posts_settings_are_tried_with_the_most_liked_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the night would wait for baselines whose time grows with the cube of the posts."""
    monkeypatch.setattr(tuning, "MAX_POSTS", 2)
    tried: list[int] = []

    def make(likes: LikeMatrix, setting: Setting, _seed: int) -> Ranker:
        tried.append(likes.n_posts)
        return Guess(setting["index"], n_posts=2)

    train = examples_from([(1, 20), (2, 10), (3, 10), (2, 30), (3, 30)])
    task = evaluation_task_of(train, examples_from([(1, 30)]), posts_of([10, 20, 30]))
    grid = ({"index": 0}, {"index": 1})
    assert best_setting(Tunable(make=make, grid=grid), task, seed=0) == {"index": 1}
    assert tried == [2, 2]


def test_a_refusal_is_passed_on() -> None:
    def refuse(_likes: LikeMatrix, _setting: Setting, _seed: int) -> Ranker:
        raise TrainingRefused("too many posts")

    with pytest.raises(TrainingRefused, match="too many posts"):
        best_setting(Tunable(make=refuse, grid=({"index": 0}, {"index": 1})), TASK, seed=0)


def test_a_baseline_that_refuses_all_posts_has_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its grid was tried with fewer posts, which it did not refuse."""
    monkeypatch.setattr(tuning, "MAX_POSTS", 2)
    monkeypatch.setattr(rankers, "MAX_DENSE_POSTS", 2)
    monkeypatch.setattr(tuning, "TUNABLE", {"ease": replace(TUNABLE["ease"], max_posts=None)})
    tuned = TunedBaselines(validation=TASK, seed=0)
    with pytest.raises(TrainingRefused, match="got 3 posts"):
        tuned.make("ease", TASK.train_likes)
    assert tuned.chosen == {}


@pytest.mark.parametrize("name", ["ease", "item-knn"])
def test_a_baseline_for_which_there_are_too_many_posts_tries_no_setting(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(rankers, "MAX_DENSE_POSTS", 2)
    monkeypatch.setattr(tuning, "TUNABLE", {name: replace(TUNABLE[name], max_posts=2)})
    monkeypatch.setattr(tuning, "best_setting", lambda *_args, **_options: pytest.fail("a setting was tried"))
    with pytest.raises(TrainingRefused, match="got 3 posts"):
        TunedBaselines(validation=TASK, seed=0).make(name, TASK.train_likes)


def test_the_approximation_is_asked_where_the_exact_one_is_not_possible() -> None:
    assert "item-knn-sparse" not in tuning.tunable_for(rankers.MAX_DENSE_POSTS)
    assert "item-knn-sparse" in tuning.tunable_for(rankers.MAX_DENSE_POSTS + 1)
    assert set(TUNABLE) - set(tuning.tunable_for(1)) == {"item-knn-sparse"}


def test_a_night_solves_for_fewer_posts_than_a_benchmark_may() -> None:
    assert TUNABLE["ease"].max_posts == tuning.MAX_NIGHTLY_EASE_POSTS < rankers.MAX_DENSE_POSTS


def test_every_grid_makes_its_baseline() -> None:
    for name, tunable in TUNABLE.items():
        for setting in tunable.grid:
            ranker = tunable.make(TASK.train_likes, setting, 1)
            assert ranker.scores(slice(0, 2)).shape == (2, 3), name


def test_a_tuned_baseline_is_clearly_better_than_one_with_settings_that_do_not_fit() -> None:
    """As iALS was before it was tuned, in a small world. The test likes are never looked at for the choice."""
    data = tastes(2)
    split = per_user_cut(data.events, data.posts, share=0.2)
    task, held_back = task_of_split(split, data.posts), validation_cut(split.train_events, data.posts)
    assert held_back is not None
    tuned = TunedBaselines(validation=task_of_split(held_back, data.posts), seed=1)

    def ndcg(ranker: Ranker) -> float:
        return float(metrics_per_user(ranker, task)["ndcg@10"].mean())

    assert ndcg(tuned.make("ials", task.train_likes)) > 1.15 * ndcg(IALS(task.train_likes, seed=1))
    assert tuned.chosen["ials"] in TUNABLE["ials"].grid
