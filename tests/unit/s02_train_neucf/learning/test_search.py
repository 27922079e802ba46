"""The search for how long and how fast to learn: validation figures are made up, so that the answer is known."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from s02_train_neucf.learning import train as training
from s02_train_neucf.learning.fit import EARLY_EPOCHS, SLOWER_BY, SearchResult, search
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import train_members
from shared.neucf.merge import config_of_merged
from shared.neucf.model import NeuCF
from tests.neucf_worlds import QUICK, SMALL, two_camps

CPU = torch.device("cpu")
RECIPE = replace(
    QUICK, epochs=EARLY_EPOCHS + 4, validate_every=1, patience=EARLY_EPOCHS + 4, order_trials=((1.0, False),)
)


def found_with(figure: Callable[[int, int], float], recipe: Recipe = RECIPE) -> tuple[SearchResult, int]:
    """What the search finds when validation says `figure(training, epoch)`, both from 1; and how many trainings."""
    asked: list[int] = []

    def validate(_: NeuCF) -> float:
        asked.append(len(asked))
        return figure(asked[-1] // recipe.epochs + 1, asked[-1] % recipe.epochs + 1)

    data = two_camps(n_users=3, n_posts=4).data()
    found = search(data, SMALL, recipe, seed=1, device=CPU, validate=validate)
    return found, len(asked) // recipe.epochs


def peak_at(best: int, height: float = 1.0) -> Callable[[int], float]:
    return lambda epoch: height - abs(epoch - best) / 100


def test_a_late_best_epoch_is_taken_as_it_is() -> None:
    found, trainings = found_with(lambda _, epoch: peak_at(EARLY_EPOCHS + 1)(epoch))
    assert (found.recipe.epochs, found.recipe.learning_rate, trainings) == (EARLY_EPOCHS + 1, RECIPE.learning_rate, 1)


def test_after_an_early_best_epoch_a_lower_learning_rate_is_tried_and_the_better_one_kept() -> None:
    found, trainings = found_with(lambda training, epoch: peak_at(2 if training == 1 else 7, float(training))(epoch))
    assert (found.recipe.epochs, trainings) == (7, 2)
    assert found.recipe.learning_rate == pytest.approx(RECIPE.learning_rate / SLOWER_BY)


def test_smaller_steps_that_are_no_better_are_dropped() -> None:
    found, trainings = found_with(lambda training, epoch: peak_at(2 if training == 1 else 7, 1.0 / training)(epoch))
    assert (found.recipe.epochs, found.recipe.learning_rate, trainings) == (2, RECIPE.learning_rate, 2)


def test_the_trial_that_validates_best_is_taken() -> None:
    several = replace(RECIPE, order_trials=((1.0, False), (0.3, True), (0.1, False)))
    found, trainings = found_with(lambda training, epoch: peak_at(10, (2.0, 3.0, 1.0)[training - 1])(epoch), several)
    assert (found.recipe.order_decay, found.recipe.full_map, found.recipe.epochs, trainings) == (0.3, True, 10, 3)


def test_without_an_order_of_likes_there_is_one_trial() -> None:
    several = replace(RECIPE, order_trials=((1.0, False), (0.1, True)), in_time_order=False)
    _, trainings = found_with(lambda _, epoch: peak_at(10)(epoch), several)
    assert trainings == 1


def test_all_members_go_into_the_model() -> None:
    model = train_members(two_camps().data(), SMALL, replace(QUICK, epochs=1, members=3), seed=1, device=CPU)
    assert model.config == config_of_merged(SMALL, 3)


def test_members_differ() -> None:
    model = train_members(two_camps().data(), SMALL, replace(QUICK, epochs=1, members=2), seed=1, device=CPU)
    first, second = model.post_table.weight[:, : 2 * SMALL.gmf_width].chunk(2, dim=1)
    assert not torch.equal(first, second)


def test_large_tables_have_fewer_members(monkeypatch: pytest.MonkeyPatch) -> None:
    data = two_camps().data()
    rows = data.users.n_rows + data.posts.n_rows
    monkeypatch.setattr(training, "MAX_TABLE_NUMBERS", 2 * rows * SMALL.width)
    model = train_members(data, SMALL, replace(QUICK, epochs=1, members=3), seed=1, device=CPU)
    assert model.config == config_of_merged(SMALL, 2)
