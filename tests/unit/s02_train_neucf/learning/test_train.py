from dataclasses import replace

import numpy as np
import pytest
import torch

from s02_train_neucf.evaluation.evaluate import ModelRanker, evaluation_task_of, metrics_per_user
from s02_train_neucf.evaluation.rankers import Popularity
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import RunningMean, TrainedModel, train
from shared.errors import TrainingRefused
from shared.neucf.config import NeuCFConfig
from shared.neucf.features import NO_FEATURES, PostFeatures
from shared.neucf.model import NeuCF
from tests.neucf_worlds import QUICK, SMALL, Camps, camp_photos, examples_from, posts_of, two_camps, vectors

CPU = torch.device("cpu")
recipes = pytest.mark.parametrize(
    "recipe",
    [QUICK, replace(QUICK, max_posts=6), replace(QUICK, in_time_order=False)],
    ids=["softmax", "sampled softmax", "random order"],
)


def trained_on(camps: Camps, recipe: Recipe = QUICK, config: NeuCFConfig = SMALL, seed: int = 3) -> TrainedModel:
    return train(camps.data(), config, recipe, seed=seed, device=CPU)


@recipes
def test_the_held_back_like_of_each_camp_comes_first(recipe: Recipe) -> None:
    camps = two_camps()
    task, data = evaluation_task_of(camps.train, camps.held_back, camps.posts), camps.data()
    model = trained_on(camps, recipe).model
    # It can please one camp only.
    assert metrics_per_user(Popularity(task.train_likes), task, (1,))["hr@1"].mean() <= 0.5
    assert metrics_per_user(ModelRanker(model, task, data.users, data.posts), task, (1,))["hr@1"].mean() >= 0.95


COLD_IN_A, COLD_IN_B = 40, 45  # posts that nobody has liked; their photos show the camps 0 and 1


@pytest.fixture(scope="module")
def cold_scores() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Scores of all users (first half: camp A) with the cold post of camp A and that of camp B. (n_users, 2)"""
    camps = two_camps(cold=(COLD_IN_A, COLD_IN_B))
    features = camp_photos(camps.posts, {COLD_IN_A: 0, COLD_IN_B: 1})
    data = camps.data(features)
    model = train(data, replace(SMALL, image_width=6, id_dropout=0.3), QUICK, seed=3, device=CPU).model
    task = evaluation_task_of(camps.train, camps.held_back, camps.posts)
    ranker = ModelRanker(model, task, data.users, data.posts, features)
    cold = camps.posts.indices(np.array([COLD_IN_A, COLD_IN_B]))
    assert data.posts.model_rows(np.array([COLD_IN_A, COLD_IN_B])).tolist() == [0, 0]
    return ranker.scores(slice(0, len(task.user_id_hashes)))[:, cold]


def test_a_cold_post_ranks_above_the_other_camps_for_those_whose_camp_its_photo_shows(
    cold_scores: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    half = len(cold_scores) // 2
    assert (cold_scores[:half, 0] > cold_scores[:half, 1]).all()
    assert (cold_scores[half:, 1] > cold_scores[half:, 0]).all()


def test_a_cold_post_finds_its_own_camp_first(
    cold_scores: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    half = len(cold_scores) // 2
    assert cold_scores[:half, 0].min() > cold_scores[half:, 0].max()


def test_someone_who_joined_after_the_training_is_served_by_what_they_liked() -> None:
    camps = two_camps()
    data, model = camps.data(), trained_on(camps).model
    newcomer_likes = examples_from([(999, 0), (999, 1), (999, 2)])
    task = evaluation_task_of(newcomer_likes, examples_from([(999, 5)]), camps.posts)
    scores = ModelRanker(model, task, data.users, data.posts).scores(slice(0, 1))[0]
    assert scores[3:12].min() > scores[12:].max()  # the rest of the first camp above all of the second


@recipes
def test_one_seed_gives_equal_weights(recipe: Recipe) -> None:
    camps, short = two_camps(n_users=5, n_posts=8), replace(recipe, epochs=3)
    noisy = replace(SMALL, dropout=0.2)
    one, other = (trained_on(camps, short, noisy).model.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_number_of_threads_changes_no_weight_and_is_left_as_it_was() -> None:
    camps, short = two_camps(n_users=5, n_posts=8), replace(QUICK, epochs=3)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append((trained_on(camps, short).model.state_dict(), torch.get_num_threads()))
    finally:
        torch.set_num_threads(before)
    (one, after_one), (other, after_other) = found
    assert (after_one, after_other) == (1, 3)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_training_does_not_use_the_global_random_generators() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    trained_on(two_camps(n_users=5, n_posts=8), replace(QUICK, epochs=1), replace(SMALL, dropout=0.2))
    assert torch.equal(torch.get_rng_state(), before)


def test_another_seed_gives_other_weights() -> None:
    camps, short = two_camps(n_users=5, n_posts=8), replace(QUICK, epochs=1)
    one, other = (trained_on(camps, short, seed=seed).model for seed in (1, 2))
    assert not torch.equal(one.post_table.weight, other.post_table.weight)


@pytest.mark.parametrize("has_photos", [False, True])
def test_the_unknown_rows_are_trained_that_of_posts_where_a_photo_tells_them_apart(*, has_photos: bool) -> None:
    camps = two_camps(n_users=5, n_posts=8)
    features = camp_photos(camps.posts, {}) if has_photos else NO_FEATURES
    config = replace(SMALL, image_width=6 if has_photos else 0)
    start, end = (
        train(
            camps.data(features), config, replace(QUICK, epochs=n, table_decay=0.0, order_decay=0.0), seed=3, device=CPU
        ).model
        for n in (1, 6)
    )
    assert not torch.equal(start.user_table.weight[0], end.user_table.weight[0])
    assert torch.equal(start.post_table.weight[0], end.post_table.weight[0]) is not has_photos


def followed(share: float, *weights: float) -> float:
    """Where the running mean of a post's bias ends that starts at 0 and takes these values, step by step."""
    model = NeuCF(SMALL, n_user_rows=2, n_post_rows=2)
    model.start(torch.Generator().manual_seed(0))
    mean = RunningMean(model, share)
    for weight in weights:
        with torch.no_grad():
            model.post_bias[1] = weight
        mean.follow()
    return float(mean.model.post_bias[1].detach())


def test_the_running_mean_forgets_the_first_weights_at_once_and_the_later_ones_slowly() -> None:
    assert followed(0.98, 10.0) == pytest.approx(9.0)  # 1/10 of 0 and 9/10 of 10
    assert followed(0.98, 10.0, 20.0) == pytest.approx(9.0 * 2 / 11 + 20.0 * 9 / 11)


def test_the_running_mean_leaves_no_more_than_its_share() -> None:
    assert followed(0.5, *[8.0] * 50, 4.0) == pytest.approx(6.0)


def test_without_a_running_mean_the_last_weights_count() -> None:
    assert followed(0.0, 10.0, 20.0) == 20.0


def figures(*values: float) -> "Figures":
    return Figures(list(values))


class Figures:
    """A validation whose figures are given; remembers the weights that it was shown."""

    def __init__(self, values: list[float]) -> None:
        self.values, self.seen = values, list[torch.Tensor]()

    def __call__(self, model: NeuCF) -> float:
        self.seen.append(model.post_table.weight.detach().clone())
        return self.values[len(self.seen) - 1]


def test_the_best_epoch_is_kept_not_the_last() -> None:
    validate = figures(0.1, 0.5, 0.3, 0.2)
    recipe = replace(QUICK, epochs=4, validate_every=1)
    trained = train(two_camps().data(), SMALL, recipe, seed=0, device=CPU, validate=validate)
    assert trained.best_epoch == 2
    assert torch.equal(trained.model.post_table.weight, validate.seen[1])


def test_training_stops_when_patience_is_at_an_end() -> None:
    validate = figures(0.5, 0.4, 0.4, 0.4, 0.4, 0.4)
    recipe = replace(QUICK, epochs=6, validate_every=1, patience=3)
    trained = train(two_camps().data(), SMALL, recipe, seed=0, device=CPU, validate=validate)
    assert len(trained.epochs) == 4


def test_each_epoch_is_reported() -> None:
    reported = list[EpochResult]()
    train(two_camps().data(), SMALL, replace(QUICK, epochs=3), seed=0, device=CPU, on_epoch=reported.append)
    assert [(epoch.number, epoch.of) for epoch in reported] == [(1, 3), (2, 3), (3, 3)]


@recipes
def test_one_user_with_one_post_makes_a_model_with_finite_scores(recipe: Recipe) -> None:
    examples = examples_from([(1, 5)])
    camps = Camps(posts=posts_of([5, 6]), train=examples, held_back=examples_from([(1, 6)]))
    data, task = camps.data(), evaluation_task_of(examples, camps.held_back, camps.posts)
    model = trained_on(camps, replace(recipe, epochs=3)).model
    assert np.isfinite(ModelRanker(model, task, data.users, data.posts).scores(slice(0, 1))).all()


def test_posts_without_any_vector_train_beside_an_encoder() -> None:
    camps = two_camps()
    nothing = PostFeatures(image=vectors(np.full((len(camps.posts.id_hashes), 6), np.nan, np.float32)))
    task, data = evaluation_task_of(camps.train, camps.held_back, camps.posts), camps.data(nothing)
    model = train(data, replace(SMALL, image_width=6), QUICK, seed=3, device=CPU).model
    assert (
        metrics_per_user(ModelRanker(model, task, data.users, data.posts, nothing), task, (1,))["hr@1"].mean() >= 0.95
    )


@pytest.mark.parametrize("features", [NO_FEATURES, PostFeatures(image=vectors(np.zeros((24, 7), np.float32)))])
def test_vectors_of_another_width_than_the_configs_are_refused(features: PostFeatures) -> None:
    with pytest.raises(TrainingRefused, match="expected 6 as in the config"):
        train(two_camps().data(features), replace(SMALL, image_width=6), QUICK, seed=0, device=CPU)


def test_a_loss_that_is_no_number_is_refused() -> None:
    with pytest.raises(TrainingRefused, match=r"loss: got (nan|inf)"):
        trained_on(two_camps(), replace(QUICK, learning_rate=1e30))


def test_training_takes_the_scale_of_an_encoder_from_the_posts_it_knows() -> None:
    camps = two_camps()
    features = camp_photos(camps.posts, {})
    model = train(
        camps.data(features), replace(SMALL, image_width=6), replace(QUICK, epochs=1), seed=3, device=CPU
    ).model
    assert features.image is not None
    assert model.image is not None
    np.testing.assert_allclose(model.image.center.numpy(), features.image.values.mean(axis=0), atol=1e-5)
