"""Batches of moments: what a user had liked until then, and what came next."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.evaluation.evaluate import ModelRanker, evaluation_task_of, metrics_per_user
from s02_train_neucf.learning.batches import Batch, NextLikes
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import train
from shared.domain import InteractionKind
from shared.neucf.examples import examples_of
from tests.neucf_worlds import SMALL, events_of, examples_from, posts_of

N_POSTS, N_USERS, N_LIKES = 30, 10, 10
RECIPE = Recipe(batch_moments=20, steps_per_epoch=5, next_likes=3, next_share=0.5)


def training_data() -> TrainingSet:
    """Users 1 to 10, each of whom likes ten posts in turn; time goes with the order of the pairs."""
    pairs = [(user, (user * 7 + 3 * i) % N_POSTS) for i in range(N_LIKES) for user in range(1, N_USERS + 1)]
    return training_set(examples_from(pairs), posts_of(list(range(N_POSTS))))


def epoch(recipe: Recipe = RECIPE, *, seed: int = 0) -> list[Batch]:
    return list(NextLikes(training_data(), recipe, recent=4).batches(np.random.default_rng(seed)))


def likes_of(user: int) -> list[int]:
    """The posts that a user likes, in order, as rows of the model."""
    return [(user * 7 + 3 * i) % N_POSTS + 1 for i in range(N_LIKES)]


def moments(batch: Batch) -> list[tuple[int, list[int], list[int], list[float]]]:
    """User, history, targets and their weights of each moment, as rows of the model."""
    assert batch.target_weights is not None
    found = []
    for index, user in enumerate(batch.user_rows.tolist()):
        history = batch.post_rows[batch.history_posts[batch.history_users == index]].tolist()
        mine = batch.target_users == index
        found.append(
            (user, history, batch.post_rows[batch.target_posts[mine]].tolist(), batch.target_weights[mine].tolist())
        )
    return found


@pytest.mark.parametrize("max_posts", [4096, 5])
def test_a_history_is_all_that_was_liked_before_and_the_targets_are_what_came_next(max_posts: int) -> None:
    for batch in epoch(replace(RECIPE, max_posts=max_posts)):
        for user, history, targets, _ in moments(batch):
            assert history + targets == likes_of(user)[: len(history) + len(targets)]
            assert len(targets) == min(3, N_LIKES - len(history))


def test_the_latest_likes_are_the_end_of_the_history() -> None:
    for batch in epoch():
        assert batch.latest is not None
        for latest, (_, history, _, _) in zip(batch.latest, moments(batch), strict=True):
            assert batch.post_rows[latest[latest >= 0]].tolist() == history[-4:]


def test_each_moment_counts_the_same_and_the_nearest_like_most() -> None:
    for _, _, targets, weights in moments(epoch()[0]):
        assert weights == pytest.approx(
            [0.5**index / sum(0.5**i for i in range(len(targets))) for index in range(len(targets))]
        )


def test_an_epoch_takes_every_moment_once_before_any_twice() -> None:
    taken = [(user, len(history)) for batch in epoch() for user, history, _, _ in moments(batch)]
    assert len(taken) == len(set(taken)) == N_USERS * N_LIKES


def test_the_chance_of_a_post_is_how_often_it_takes_part() -> None:
    """Users differ in their likes, and posts in theirs: who draws moments draws much of those who like much."""
    pairs = [(user, (user + like**2) % 40) for user in range(12) for like in range(2 + 2 * user) if like**2 < 200]
    data = training_set(examples_from(list(dict.fromkeys(pairs))), posts_of(list(range(40))))
    recipe = replace(RECIPE, batch_moments=4, max_posts=6, steps_per_epoch=400)
    chance, seen, n_steps = np.zeros(data.posts.n_rows), np.zeros(data.posts.n_rows), 0
    for seed in range(5):
        for batch in NextLikes(data, recipe, recent=4).batches(np.random.default_rng(seed)):
            seen[batch.post_rows] += 1
            chance[batch.post_rows] = batch.inclusion_probability
            n_steps += 1
    np.testing.assert_allclose(chance[1:], seen[1:] / n_steps, atol=0.06)


def test_what_was_seen_and_not_yet_liked_is_no_history() -> None:
    likes = [(7, post, InteractionKind.LIKE, at) for post, at in ((1, 1000.0), (2, 50.0), (3, 60.0))]
    events = events_of((7, 1, InteractionKind.VIEW, 1.0), *likes)
    known, posts = examples_of(events, posts_of([1, 2, 3])), posts_of([1, 2, 3])
    data = training_set(known, posts)
    (batch,) = NextLikes(data, replace(RECIPE, batch_moments=3, steps_per_epoch=1), recent=4).batches(
        np.random.default_rng(1)
    )
    assert batch.latest is not None
    shown = {tuple(batch.post_rows[latest[latest >= 0]].tolist()) for latest in batch.latest}
    assert shown == {(), (2,), (2, 3)}  # rows 1, 2, 3 are posts 1, 2, 3
    assert known[known.order_of_likes()].post_id_hashes.tolist() == [2, 3, 1]


def test_equal_seeds_give_equal_batches() -> None:
    for first, second in zip(epoch(seed=3), epoch(seed=3), strict=True):
        np.testing.assert_array_equal(first.target_posts, second.target_posts)
        np.testing.assert_array_equal(first.user_rows, second.user_rows)


@pytest.mark.parametrize(("recent", "full", "knows"), [(2, False, True), (2, True, True), (0, False, False)])
def test_a_model_that_reads_the_latest_likes_knows_what_their_order_leads_to(
    recent: int, *, full: bool, knows: bool
) -> None:
    """Everyone likes a pair of posts. Those who begin with the first one go on to another post than the rest."""
    pairs, following, asked = list[tuple[int, int]](), list[tuple[int, int]](), list[tuple[int, int]]()
    for user in range(1, 1 + N_POSTS * 4):
        group, way = user % (N_POSTS // 3), user // (N_POSTS // 3) % 2  # ten groups of three: a pair, and what follows
        first, second = (3 * group, 3 * group + 1)[:: 1 - 2 * way]
        pairs += [(user, first), (user, second)]
        third = 3 * (group if way else (group + 1) % 10) + 2
        (asked if user > N_POSTS * 3 else following).append((user, third))
    known, posts = examples_from(sorted(pairs, key=lambda pair: pair[0]) + following), posts_of(list(range(N_POSTS)))
    data = training_set(known, posts)
    recipe = replace(RECIPE, epochs=27, steps_per_epoch=10, learning_rate=0.05, batch_moments=200, order_decay=0.01)
    recipe = replace(recipe, full_map=full)
    config = replace(SMALL, recent=recent, recent_dropout=0.0)
    model = train(data, config, recipe, seed=1, device=torch.device("cpu")).model
    task = evaluation_task_of(known, examples_from(asked), posts)
    found = metrics_per_user(ModelRanker(model, task, data.users, data.posts), task, (1,))["hr@1"].mean()
    assert found > 0.9 if knows else found < 0.5
