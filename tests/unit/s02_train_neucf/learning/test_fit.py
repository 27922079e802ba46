from dataclasses import replace

import numpy as np
import pytest
import torch

from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.fit import EPOCHS_UNVALIDATED, Fitted, SearchResult, fit, search_for, starts_of_members
from s02_train_neucf.learning.train import shape_learnt
from shared.domain import KIND_CODES, InteractionKind
from shared.errors import TrainingRefused
from shared.event_columns import Events
from shared.neucf.examples import Examples
from shared.neucf.features import NO_FEATURES
from shared.neucf.merge import split_members
from tests.neucf_worlds import QUICK, SMALL, events_of, posts_of, two_camps

CPU = torch.device("cpu")


def likes(examples: Examples) -> Events:
    kinds = np.full(len(examples), KIND_CODES[InteractionKind.LIKE], dtype=np.int16)
    return Events(
        user_id_hashes=examples.user_id_hashes, post_id_hashes=examples.post_id_hashes, kinds=kinds, at=examples.at
    )


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    camps = two_camps()
    recipe = replace(QUICK, epochs=12, patience=2, learning_rate=0.05)
    return fit(likes(camps.train), camps.posts, NO_FEATURES, SMALL, recipe, seed=1, device=CPU)


def test_the_number_of_epochs_is_that_of_the_best_validation(fitted: Fitted) -> None:
    best = max(epoch.validation for epoch in fitted.search_result.epochs if epoch.validation is not None)
    first = next(epoch.number for epoch in fitted.search_result.epochs if epoch.validation == best)
    assert fitted.search_result.recipe.epochs == first


def test_the_model_has_seen_every_like(fitted: Fitted) -> None:
    assert len(fitted.data.likes.posts) == len(two_camps().train)


def test_where_nothing_can_be_held_back_the_number_of_epochs_is_fixed() -> None:
    reported = list[EpochResult]()
    events = events_of((1, 5, InteractionKind.LIKE, 1.0), (2, 6, InteractionKind.LIKE, 2.0))
    fit(events, posts_of([5, 6]), NO_FEATURES, SMALL, QUICK, seed=1, device=CPU, on_epoch=reported.append)
    assert [epoch.number for epoch in reported] == list(range(1, EPOCHS_UNVALIDATED + 1))


def test_views_alone_are_refused() -> None:
    with pytest.raises(TrainingRefused, match="got 0 likes"):
        fit(events_of((1, 5, InteractionKind.VIEW, 1.0)), posts_of([5]), NO_FEATURES, SMALL, QUICK, seed=1, device=CPU)


def test_what_was_found_before_is_not_searched_for() -> None:
    reported = list[EpochResult]()
    camps = two_camps()
    known = fit(
        likes(camps.train), camps.posts, NO_FEATURES, SMALL, QUICK, seed=1, device=CPU,
        search_result=SearchResult(recipe=replace(QUICK, epochs=3)), on_epoch=reported.append,
    )  # fmt: skip
    assert (known.search_result.recipe.epochs, known.search_result.epochs, len(reported)) == (3, (), 3)


@pytest.mark.parametrize(("few_likes", "starts"), [(0, 3), (250_000, 0)])
def test_where_likes_are_many_every_member_starts_from_the_model_of_the_search(
    few_likes: int, starts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s02_train_neucf.learning.fit.FEW_LIKES", few_likes)
    camps, reported = two_camps(), list[EpochResult]()
    recipe = replace(QUICK, epochs=10, members=3, warm_share=0.4)
    found = search_for(likes(camps.train), camps.posts, NO_FEATURES, SMALL, recipe, seed=1, device=CPU)
    found = replace(found, recipe=replace(found.recipe, epochs=10))
    known = fit(
        likes(camps.train), camps.posts, NO_FEATURES, SMALL, recipe, seed=1, device=CPU, search_result=found,
        on_epoch=reported.append,
    )  # fmt: skip
    assert len(starts_of_members(found, known.data, SMALL)) == starts
    assert {epoch.of for epoch in reported} == {4 if starts else 10}
    members = split_members(known.model, shape_learnt(SMALL, known.data, found.recipe))
    assert len(members) == 3
    assert not torch.equal(members[0].post_table.weight, members[1].post_table.weight)
