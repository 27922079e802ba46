from dataclasses import replace

import numpy as np
import pytest

from s02_train_neucf import pairs
from s02_train_neucf.dataset import TrainingSet, training_set
from s02_train_neucf.pairs import PairDraws, Pairs, learns_from_pairs
from s02_train_neucf.recipe import Loss, Recipe
from shared.errors import TrainingRefused
from shared.neucf.config import NeuCFConfig
from tests.neucf_worlds import examples_from, posts_of

N_POSTS = 12
IDS_ALONE = NeuCFConfig(history=False, id_dropout=0.0)
PAIRWISE = Recipe(loss=Loss.BCE, negatives=3, step_samples=20)  # five likes a step


def world(created_at: list[float] | None = None) -> TrainingSet:
    """Users 1 to 7 like five posts each, and user 8 all of them but the last."""
    likes = [(user, (user + i) % N_POSTS) for user in range(1, 8) for i in range(5)]
    likes += [(8, post) for post in range(N_POSTS - 1)]
    return training_set(examples_from(likes), posts_of(list(range(N_POSTS)), created_at=created_at))


def epoch(data: TrainingSet, recipe: Recipe = PAIRWISE, seed: int = 0) -> list[Pairs]:
    return list(PairDraws(data, recipe, np.random.default_rng(seed)).epoch())


def test_every_like_is_taken_once() -> None:
    data = world()
    found = [(u, p) for step in epoch(data) for u, p in zip(step.user_rows, step.post_rows[:, 0], strict=True)]
    assert sorted(found) == sorted(zip(data.likes.users.tolist(), data.likes.posts.tolist(), strict=True))


def test_a_step_has_as_many_samples_as_the_recipe_says() -> None:
    assert [step.post_rows.shape for step in epoch(world())] == [(5, 4)] * 9 + [(1, 4)]


@pytest.mark.parametrize("max_cells", [2**28, 0], ids=["by a table", "by search"])
def test_a_negative_is_a_post_that_the_user_does_not_like(max_cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MAX_CELLS", max_cells)
    data = world()
    for step in epoch(data):
        users = np.repeat(step.user_rows, 3)
        drawn = step.post_rows[:, 1:].ravel()
        assert (drawn > 0).all()
        assert not data.likes.contains(users, drawn).any()


def test_negatives_are_even_over_what_is_not_liked() -> None:
    data = world()
    counts = np.zeros(data.posts.n_rows)
    for seed in range(60):
        for step in epoch(data, seed=seed):
            counts += np.bincount(step.post_rows[step.user_rows == 1, 1:].ravel(), minlength=data.posts.n_rows)
    liked = data.likes.posts[data.likes.starts[1] : data.likes.starts[2]]
    others = np.setdiff1d(data.post_rows(), liked)
    assert not counts[liked].any()
    assert abs(counts[others] / counts[others].mean() - 1).max() < 0.35  # 900 draws among seven posts


def test_the_exact_way_finds_what_chance_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "ROUNDS", 0)
    data = world()
    last = int(data.posts.rows(np.array([N_POSTS - 1]))[0])
    of_user_8 = np.concatenate([step.post_rows[step.user_rows == 8, 1:].ravel() for step in epoch(data)])
    assert set(of_user_8.tolist()) == {last}


def test_a_post_that_came_later_is_not_drawn() -> None:
    data = world(created_at=[0.0] * (N_POSTS - 1) + [1e9])
    last = int(data.posts.rows(np.array([N_POSTS - 1]))[0])
    assert not any((step.post_rows[:, 1:] == last).any() for step in epoch(data))


def test_one_seed_gives_one_epoch_and_another_gives_another() -> None:
    data = world()
    one, same, other = (np.concatenate([s.post_rows for s in epoch(data, seed=seed)]) for seed in (1, 1, 2))
    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()


@pytest.mark.parametrize(
    ("config", "recipe", "named"),
    [
        (replace(IDS_ALONE, history=True), PAIRWISE, "history"),
        (replace(IDS_ALONE, image_width=4), PAIRWISE, "image_width"),
        (replace(IDS_ALONE, id_dropout=0.1), PAIRWISE, "id_dropout"),
        (IDS_ALONE, replace(PAIRWISE, loss=Loss.SOFTMAX), "loss"),
    ],
)
def test_what_pairs_cannot_learn_from_is_refused_by_name(config: NeuCFConfig, recipe: Recipe, named: str) -> None:
    with pytest.raises(TrainingRefused, match=f"step_samples: got 20 with another .*{named}"):
        learns_from_pairs(config, recipe)


def test_without_a_number_of_samples_steps_are_of_users() -> None:
    assert not learns_from_pairs(NeuCFConfig(), Recipe())
    assert learns_from_pairs(IDS_ALONE, PAIRWISE)
