"""How much single events count: weights of likes, and negatives that count as more than one post."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.learning.batches import batches_of
from s02_train_neucf.learning.event_weights import DAY, with_event_weights
from s02_train_neucf.learning.fit import SearchResult, fit
from s02_train_neucf.learning.loss import Step
from s02_train_neucf.learning.recipe import Recipe
from shared.domain import InteractionKind
from shared.event_columns import Events
from shared.neucf.examples import examples_of
from shared.neucf.features import NO_FEATURES
from shared.neucf.model import NeuCF
from tests.neucf_worlds import QUICK, SMALL, events_of, posts_of

VIEW, LIKE, COMMENT, SAVE, SHARE, HIDE = InteractionKind
POSTS = posts_of([5, 6, 7, 8], authors=[1, 90, 90, 90])
TEN_DAYS = 10 * DAY
# User 1 likes 6, comments on what they like (7), hides 8, and looked at their own post 5; user 2 makes all posts known.
EVENTS = events_of(
    (1, 6, VIEW, 0.0), (1, 6, LIKE, 5.0), (1, 7, LIKE, 5 * DAY), (1, 7, COMMENT, 6 * DAY), (1, 8, HIDE, 1.0),
    (1, 5, VIEW, 0.0), (2, 5, LIKE, 1.0), (2, 6, LIKE, 2.0), (2, 8, LIKE, TEN_DAYS), (2, 7, VIEW, 3 * DAY),
)  # fmt: skip


def weighed(recipe: Recipe, events: Events = EVENTS) -> TrainingSet:
    return with_event_weights(training_set(examples_of(events, POSTS), POSTS), events, POSTS, recipe)


def like_weights(recipe: Recipe) -> dict[tuple[int, int], float]:
    """By user and post key."""
    data = weighed(recipe)
    assert data.event_weights is not None
    assert data.event_weights.likes is not None
    users, posts = data.users.id_hashes[data.likes.users - 1], data.posts.id_hashes[data.likes.posts - 1]
    return dict(zip(zip(users.tolist(), posts.tolist(), strict=True), data.event_weights.likes.tolist(), strict=True))


def disliked(recipe: Recipe, events: Events = EVENTS) -> dict[tuple[int, int], float]:
    """By user and post key."""
    data = weighed(recipe, events)
    assert data.event_weights is not None
    assert data.event_weights.disliked is not None
    found = data.event_weights.disliked
    users, posts = data.users.id_hashes[found.users - 1], data.posts.id_hashes[found.posts - 1]
    weights = data.event_weights.disliked_weights.tolist()
    return dict(zip(zip(users.tolist(), posts.tolist(), strict=True), weights, strict=True))


def _weighing(**weights: Any) -> Recipe:
    """A recipe in which everything else counts alike."""
    return Recipe(ignored_weight=1.0, **weights)


def test_without_weights_nothing_is_added() -> None:
    assert weighed(_weighing()).event_weights is None


def test_a_like_weighs_by_its_strongest_kind() -> None:
    assert like_weights(_weighing(kind_weights={"comment": 3.0, "like": 0.5})) == {
        (1, 6): 0.5, (1, 7): 3.0, (2, 5): 0.5, (2, 6): 0.5, (2, 8): 0.5,
    }  # fmt: skip


def test_a_like_loses_half_its_weight_with_each_half_life_before_the_last_event() -> None:
    found = like_weights(_weighing(half_life_days=5.0))
    assert found[2, 8] == pytest.approx(1.0)
    assert found[1, 7] == pytest.approx(0.5, rel=1e-4)
    assert found[1, 6] == pytest.approx(0.25, rel=1e-4)  # seen a second before


def test_a_hidden_post_counts_as_told() -> None:
    assert disliked(_weighing(hide_weight=7.0)) == {(1, 8): 7.0}


def test_a_view_that_led_to_nothing_counts_as_told_but_never_of_ones_own_post() -> None:
    assert disliked(Recipe(ignored_weight=2.0)) == {(2, 7): 2.0}


def test_a_view_of_the_last_day_may_still_lead_to_something() -> None:
    late = replace(EVENTS, at=np.where(EVENTS.kinds == EVENTS.kinds[-1], TEN_DAYS - DAY + 1, EVENTS.at))
    assert disliked(Recipe(ignored_weight=2.0), late) == {}


def test_a_hidden_post_that_was_liked_too_is_no_example_and_a_negative() -> None:
    events = events_of((1, 6, LIKE, 0.0), (1, 7, LIKE, 1.0), (1, 7, HIDE, 2.0), (2, 7, LIKE, 3.0))
    assert disliked(_weighing(hide_weight=4.0), events) == {(1, 7): 4.0}


def step_of(data: TrainingSet) -> Step:
    """All scores are 0."""
    config = replace(SMALL, id_dropout=0.0, history=False)
    model = NeuCF(config, n_user_rows=data.users.n_rows, n_post_rows=data.posts.n_rows)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    return Step(model, data, torch.Generator())


def loss_of(recipe: Recipe) -> float:
    """Of one step with both users, all posts, no history; every post was there from the beginning."""
    recipe = replace(recipe, steps_per_epoch=1)
    data = weighed(recipe)
    (batch,) = batches_of(data, recipe, history=False, generator=np.random.default_rng(0))
    return float(step_of(data).loss(batch).detach())


def test_a_like_competes_with_a_hidden_post_as_often_as_told() -> None:
    plain, told = math.log(4), math.log(3 + 7)  # user 1 has two likes, user 2 three
    assert loss_of(_weighing()) == pytest.approx(plain)
    assert loss_of(_weighing(hide_weight=7.0)) == pytest.approx((2 * told + 3 * plain) / 5)


def test_the_loss_is_the_mean_by_weight() -> None:
    plain, told = math.log(4), math.log(3 + 7)
    recipe = _weighing(hide_weight=7.0, kind_weights={"comment": 3.0})  # user 1: 1 + 3, user 2: 3 × 1
    assert loss_of(recipe) == pytest.approx((4 * told + 3 * plain) / 7)


def test_in_a_sampled_step_only_hidden_posts_that_were_drawn_count() -> None:
    recipe = _weighing(hide_weight=7.0, max_posts=2, batch_users=1, max_batch_users=1, steps_per_epoch=1)
    data = weighed(recipe)
    for seed in range(20):
        for batch in batches_of(data, recipe, history=False, generator=np.random.default_rng(seed)):
            assert batch.disliked is not None
            hidden = data.posts.model_rows(np.array([8]))[0]
            expected = data.users.id_hashes[batch.user_rows - 1][0] == 1 and hidden in batch.post_rows
            assert batch.post_rows[batch.disliked.post].tolist() == ([hidden] if expected else [])


def test_training_learns_to_keep_a_hidden_post_low() -> None:
    """Twelve people like the same posts; six of them hide one that the other six like."""
    rows = [(user, post, LIKE, float(post)) for user in range(12) for post in range(10)]
    rows += [(user, 10, HIDE if user < 6 else LIKE, 20.0) for user in range(12)]
    events, posts = events_of(*rows), posts_of(list(range(11)))

    def mean_score(hide_weight: float) -> float:
        """Of the hidden post, above the others, for those who hid it."""
        recipe = replace(QUICK, epochs=10, hide_weight=hide_weight)
        found = SearchResult(recipe=recipe)
        fitted = fit(events, posts, NO_FEATURES, replace(SMALL, history=False), recipe,
                     seed=1, device=torch.device("cpu"), search_result=found)  # fmt: skip
        with torch.no_grad():
            model = fitted.model
            rows = torch.arange(1, 12)
            scores = model.score_block(
                model.user_side(torch.arange(1, 7)), model.post_side(model.post_input(rows, NO_FEATURES))
            )
        return float((scores[:, 10] - scores[:, :10].mean(dim=1)).mean())

    assert mean_score(50.0) < mean_score(1.0) - 0.5
