from dataclasses import replace

import numpy as np
import pytest

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.learning.batches import Batch, batches_of, users_in_a_step
from s02_train_neucf.learning.recipe import Recipe
from tests.neucf_worlds import examples_from, posts_of

N_POSTS = 30
WHOLE = Recipe(batch_users=4, steps_per_epoch=1)


def training_data() -> TrainingSet:
    """Users 1 to 10, each of whom likes ten posts in turn; time goes with the order of the pairs."""
    pairs = [(user, (user * 7 + 3 * i) % N_POSTS) for i in range(10) for user in range(1, 11)]
    return training_set(examples_from(pairs), posts_of(list(range(N_POSTS))))


def epoch(recipe: Recipe, *, history: bool = True, seed: int = 0) -> list[Batch]:
    return list(batches_of(training_data(), recipe, history=history, generator=np.random.default_rng(seed)))


def likes_at(data: TrainingSet) -> dict[tuple[int, int], float]:
    return dict(zip(zip(data.likes.users.tolist(), data.likes.posts.tolist(), strict=True), data.liked_at, strict=True))


def test_every_user_is_taken_once() -> None:
    assert sorted(int(user) for batch in epoch(WHOLE) for user in batch.user_rows) == list(range(1, 11))


def test_few_users_are_taken_several_times_until_the_steps_are_enough() -> None:
    batches = epoch(replace(WHOLE, steps_per_epoch=7))
    assert len(batches) == 9
    assert np.bincount(np.concatenate([batch.user_rows for batch in batches]))[1:].tolist() == [3] * 10


def test_an_epoch_ends_after_its_last_step_even_if_users_are_left() -> None:
    assert len(epoch(replace(WHOLE, steps_per_epoch=7, max_steps=2))) == 2


def test_every_like_is_either_shown_or_asked_for() -> None:
    data = training_data()
    for batch in epoch(WHOLE):
        shown = zip(batch.user_rows[batch.history_users], batch.post_rows[batch.history_posts], strict=True)
        asked = zip(batch.user_rows[batch.target_users], batch.post_rows[batch.target_posts], strict=True)
        expected = [(user, post) for user, post in likes_at(data) if user in batch.user_rows]
        assert sorted([*shown, *asked]) == sorted(expected)


def test_something_is_asked_of_every_user() -> None:
    for seed in range(20):
        assert all(len(np.unique(batch.target_users)) == len(batch.user_rows) for batch in epoch(WHOLE, seed=seed))


def test_what_is_asked_comes_after_what_is_shown() -> None:
    at = likes_at(training_data())
    for batch in epoch(WHOLE):
        for index, user in enumerate(batch.user_rows.tolist()):
            shown = [
                at[user, post] for post in batch.post_rows[batch.history_posts[batch.history_users == index]].tolist()
            ]
            assert max(shown, default=-1.0) < batch.target_at[batch.target_users == index].min()


def test_in_random_order_earlier_likes_may_be_asked_for() -> None:
    at = likes_at(training_data())
    (batch,) = epoch(replace(WHOLE, batch_users=10, in_time_order=False))
    shown = [
        at[u, p]
        for u, p in zip(batch.user_rows[batch.history_users], batch.post_rows[batch.history_posts], strict=True)
    ]
    assert max(shown) > batch.target_at.min() + 10  # ten pairs are one like of each user


def test_without_history_everything_is_asked_for() -> None:
    assert all(len(batch.history_posts) == 0 for batch in epoch(WHOLE, history=False))


def test_all_posts_take_part_when_they_fit() -> None:
    assert all(batch.post_rows.tolist() == list(range(1, N_POSTS + 1)) for batch in epoch(WHOLE))


def test_the_chance_of_a_post_is_how_often_it_takes_part() -> None:
    recipe, data = replace(WHOLE, batch_users=2, max_posts=6), training_data()
    chance, seen, n_steps = np.zeros(N_POSTS + 1), np.zeros(N_POSTS + 1), 0
    for seed in range(200):
        for batch in batches_of(data, recipe, history=True, generator=np.random.default_rng(seed)):
            seen[batch.post_rows] += 1
            chance[batch.post_rows] = batch.inclusion_probability
            n_steps += 1
    np.testing.assert_allclose(chance[1:], seen[1:] / n_steps, atol=0.08)


@pytest.mark.parametrize(("n_users", "expected"), [(100, 32), (2_000, 66), (6_040, 201), (1_000_000, 256)])
def test_a_step_has_more_users_where_there_are_many(n_users: int, expected: int) -> None:
    assert users_in_a_step(n_users, Recipe()) == expected
