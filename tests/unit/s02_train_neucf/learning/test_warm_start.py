"""A model that starts from another: rows by id, never by number; layers where they fit."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.evaluation.evaluate import ModelRanker, evaluation_task_of
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import train, train_members, warm_recipe
from s02_train_neucf.learning.warm_start import Predecessor, initial_values
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import Examples, SortedPosts
from shared.neucf.features import PostFeatures
from shared.neucf.model import NeuCF
from shared.neucf.score import vectors_of
from tests.neucf_worlds import QUICK, SMALL, camp_photos, examples_from, posts_of, two_camps, vectors

CPU = torch.device("cpu")
POSTS = posts_of([3, 4, 5, 6, 7])
YESTERDAY = examples_from([(20, 4), (20, 5), (30, 4), (30, 6), (40, 6)])
TODAY = examples_from([(10, 3), (15, 3), (20, 4), (20, 5), (40, 6), (40, 3)])  # 10, 15 and post 3 are new; 30 erased
SHORT = replace(QUICK, epochs=4)


def before_of(
    examples: Examples = YESTERDAY,
    posts: SortedPosts = POSTS,
    features: PostFeatures | None = None,
    config: NeuCFConfig = SMALL,
    recipe: Recipe = SHORT,
) -> Predecessor:
    """Yesterday's model."""
    data = training_set(examples, posts, features or PostFeatures())
    model = train_members(data, config, recipe, seed=5, device=CPU)
    return Predecessor(name="model 1", model=model, users=data.users, posts=data.posts)


def begun_with(before: Predecessor, data: TrainingSet, config: NeuCFConfig = SMALL) -> NeuCF:
    """Today's model before its first step: an epoch whose steps are of length 0."""
    still = replace(SHORT, epochs=1, learning_rate=0.0, averaging=0.0)
    (begin,) = initial_values(before, data, config)
    return train(data, config, still, seed=9, device=CPU, initial_values=begin).model


def test_learned_rows_are_found_by_id_though_every_row_number_has_moved() -> None:
    before, data = before_of(), training_set(TODAY, POSTS)
    model = begun_with(before, data)
    for key in (20, 40):
        mine, theirs = (vocab.model_rows(np.array([key]))[0] for vocab in (data.users, before.users))
        assert mine != theirs
        assert torch.equal(model.user_table.weight[mine], before.model.user_table.weight[theirs])
    for key in (4, 5, 6):
        mine, theirs = (vocab.model_rows(np.array([key]))[0] for vocab in (data.posts, before.posts))
        assert mine != theirs
        assert torch.equal(model.post_table.weight[mine], before.model.post_table.weight[theirs])
        assert model.post_bias[mine] == before.model.post_bias[theirs]


def test_who_is_new_starts_from_the_unknown_row() -> None:
    before, data = before_of(), training_set(TODAY, POSTS)
    model = begun_with(before, data)
    assert torch.equal(
        model.user_table.weight[data.users.model_rows(np.array([10]))[0]], before.model.user_table.weight[0]
    )
    assert torch.equal(
        model.post_table.weight[data.posts.model_rows(np.array([3]))[0]], before.model.post_table.weight[0]
    )


def test_an_erased_users_row_is_nowhere_in_the_new_model() -> None:
    before, data = before_of(), training_set(TODAY, POSTS)
    model = begun_with(before, data)
    erased = before.model.user_table.weight[before.users.model_rows(np.array([30]))[0]]
    assert 30 not in data.users.id_hashes
    assert all(not torch.equal(row, erased) for row in model.user_table.weight)


def test_layers_are_taken() -> None:
    before, data = before_of(), training_set(TODAY, POSTS)
    model, found = begun_with(before, data).state_dict(), before.model.state_dict()
    layers = [name for name in found if not name.startswith(("user_table", "post_table", "post_bias"))]
    assert len(layers) == 11
    assert all(torch.equal(model[name], found[name]) for name in layers)


def test_each_member_starts_from_its_own() -> None:
    recipe = replace(SHORT, members=2)
    before, data = before_of(recipe=recipe), training_set(YESTERDAY, POSTS)
    still = replace(recipe, epochs=1, learning_rate=0.0, averaging=0.0)
    begin = initial_values(before, data, SMALL)
    again = train_members(data, SMALL, still, seed=9, device=CPU, initial_values=begin).state_dict()
    for name, weights in before.model.state_dict().items():
        torch.testing.assert_close(again[name], weights, msg=name)


def test_members_that_the_predecessor_lacks_start_by_chance_and_learn_for_the_whole_time() -> None:
    before, data = before_of(), training_set(TODAY, POSTS)
    epochs: list[int] = []
    train_members(
        data, SMALL, replace(SHORT, members=2, warm_share=0.5, warm_least=1), seed=9, device=CPU,
        on_epoch=lambda epoch: epochs.append(epoch.number), initial_values=initial_values(before, data, SMALL),
    )  # fmt: skip
    assert epochs == [1, 2, 1, 2, 3, 4]


@pytest.mark.parametrize(("epochs", "expected"), [(1, 1), (3, 3), (6, 4), (10, 4), (20, 8)])
def test_a_model_that_has_learned_before_learns_for_four_epochs_at_least_unless_all_are_fewer(
    epochs: int, expected: int
) -> None:
    assert warm_recipe(replace(SHORT, epochs=epochs)).epochs == expected


def test_a_predecessor_of_another_shape_is_left_alone_and_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="warmline")
    data = training_set(TODAY, POSTS)
    assert initial_values(before_of(config=replace(SMALL, gmf_width=12)), data, SMALL) == ()
    assert "users_kept=0 users=4" in caplog.text
    assert "another shape" in caplog.text


def test_what_is_kept_stands_on_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="warmline")
    initial_values(before_of(), training_set(TODAY, POSTS), SMALL)
    assert "users_kept=2 users=4 posts_kept=3 posts=4" in caplog.text


def test_the_same_seed_and_predecessor_give_the_same_weights() -> None:
    before, data = before_of(), training_set(TODAY, POSTS)
    one, other = (
        train_members(
            data, SMALL, SHORT, seed=9, device=CPU, initial_values=initial_values(before, data, SMALL)
        ).state_dict()
        for _ in range(2)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_predecessor_itself_is_not_changed() -> None:
    before, data = before_of(), training_set(YESTERDAY, POSTS)
    weights = {name: each.clone() for name, each in before.model.state_dict().items()}
    train_members(data, SMALL, SHORT, seed=9, device=CPU, initial_values=initial_values(before, data, SMALL))
    assert all(torch.equal(each, before.model.state_dict()[name]) for name, each in weights.items())


def test_post_vectors_stay_what_they_were_though_the_components_of_the_photos_are_others() -> None:
    """Photos of six numbers in six components: whatever their centre and order, they can say the same."""
    camps = two_camps(n_users=6, n_posts=6)
    photos = camp_photos(camps.posts, {})
    assert photos.image is not None
    config = replace(SMALL, image_width=6)
    yesterday = np.arange(len(camps.posts.id_hashes)) % 4 > 0  # a quarter had no photo yet
    earlier = PostFeatures(image=vectors(photos.image.values, *np.flatnonzero(yesterday)))
    before = before_of(camps.train, camps.posts, earlier, config)
    model = begun_with(before, camps.data(photos), config)
    assert model.image is not None
    assert before.model.image is not None
    assert not torch.allclose(model.image.components, before.model.image.components, atol=1e-3)
    model_rows = np.arange(1, model.post_table.num_embeddings)
    for asked in (photos, earlier):  # with all photos, and with some missing
        now, then = (vectors_of(each, model_rows, asked, CPU).joined for each in (model, before.model))
        torch.testing.assert_close(now, then, atol=1e-4, rtol=1e-3)


def test_photos_of_another_encoder_start_anew(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="warmline")
    camps = two_camps(n_users=4, n_posts=4)
    photos, config = camp_photos(camps.posts, {}), replace(SMALL, image_width=6)
    before = replace(before_of(camps.train, camps.posts, photos, config), same_image=False)
    model, data = begun_with(before, camps.data(photos), config), camps.data(photos)
    cold = train(data, config, replace(SHORT, epochs=1, learning_rate=0.0, averaging=0.0), seed=9, device=CPU).model
    assert model.image is not None
    assert cold.image is not None
    assert torch.equal(model.image.projection.weight, cold.image.projection.weight)
    assert torch.equal(model.user_table.weight, before.model.user_table.weight)
    assert "anew=image" in caplog.text


def test_one_epoch_from_a_trained_model_knows_the_camps_where_one_from_nothing_does_not() -> None:
    camps = two_camps()
    before = before_of(camps.train, camps.posts, recipe=QUICK)
    task, data = evaluation_task_of(camps.train, camps.held_back, camps.posts), camps.data()
    one = replace(QUICK, epochs=1)

    def hits(model: NeuCF) -> float:
        scores = ModelRanker(model, task, data.users, data.posts).scores(slice(0, len(task.user_id_hashes)))
        known, wanted = task.known.mask(slice(0, len(scores))), task.test_likes.mask(slice(0, len(scores)))
        return float(wanted[np.arange(len(scores)), np.where(known, -np.inf, scores).argmax(axis=1)].mean())

    cold = train_members(data, SMALL, one, seed=9, device=CPU)
    warm = train_members(data, SMALL, one, seed=9, device=CPU, initial_values=initial_values(before, data, SMALL))
    assert hits(warm) >= 0.95 > hits(cold)
