"""The benchmark of the photos world: what is asked, and that a ranker that knows the truth, or nothing, is told so."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.photo_question import Question, Row, ask, aucs, difference, intervals
from benchmarks.quality.photo_vectors import FolderVectors
from benchmarks.quality.photos import COLD, EVERYONE, LATER, NEUCF, WARM, measure
from demo.simulator.simulate import PhotoWorld, WorldSettings, simulate_with
from demo.simulator.truth import TasteSettings
from demo.simulator.words import unit
from s02_train_neucf.learning.recipe import Recipe
from tests.unit.demo.photos import fake_looks, small_photos, small_world

QUICK = Recipe(epochs=2, steps_per_epoch=3)
SETTINGS = WorldSettings(users=80, newcomers=3, days=14.0, taste=TasteSettings(like_rate=0.3))


@pytest.fixture(scope="module")
def world() -> PhotoWorld:
    return small_world(settings=SETTINGS, n_posts=200)


@pytest.fixture(scope="module")
def question(world: PhotoWorld) -> Question:
    return ask(world)


@pytest.fixture(scope="module")
def rows(world: PhotoWorld) -> list[Row]:
    return measure(world, _vectors(world), QUICK, lambda _what: None)


def _vectors(world: PhotoWorld) -> FolderVectors:
    """Photo vectors that are the truth's own looks, and captions that say nothing."""
    n = len(world.photo)
    noise = np.random.default_rng(0).standard_normal((3 * n, 8))
    return FolderVectors(
        image=fake_looks([Path(f"{number:03}.jpg") for number in range(n)]).astype(np.float32),
        readable=np.ones(n, dtype=np.bool_),
        caption=unit(noise).astype(np.float32),
        first_caption=3 * np.arange(n),
    )


def test_nothing_of_the_last_days_is_trained_on(question: Question) -> None:
    assert not question.cold[question.train.post_id_hashes].any()
    assert question.cold[question.fresh.post_id_hashes].any()


def test_training_knows_nothing_of_those_who_join_later(question: Question) -> None:
    assert len(question.later) > 5
    assert not np.isin(question.train.user_id_hashes, question.later).any()
    assert not np.isin(question.fresh.user_id_hashes, question.later).any()


def test_who_joins_later_brings_their_first_likes(question: Question, world: PhotoWorld) -> None:
    user = int(question.later[0])
    likes = world.events.where((world.events.user == user) & (world.events.kind == 1))
    assert question.later_likes[0].tolist() == likes.post[:3].tolist()


def test_who_knows_the_truth_finds_everything(question: Question, world: PhotoWorld) -> None:
    truth = world.truth.affinity[question.asked].astype(np.float32)
    found = aucs(question, truth, question.cold)
    assert found == pytest.approx(np.ones(len(found)))
    assert len(found) > 20


def test_who_knows_nothing_finds_by_chance(question: Question, world: PhotoWorld) -> None:
    nothing = np.zeros((len(question.asked), len(world.born)), dtype=np.float32)
    assert aucs(question, nothing, question.cold) == pytest.approx(0.5)


def test_ids_alone_say_nothing_of_cold_posts(rows: list[Row]) -> None:
    (row,) = (row for row in rows if row.system == "neucf, id only")
    assert row.values[COLD].mean() == pytest.approx(0.5, abs=0.02)  # ties, but for the last bit of a float


def test_the_photo_finds_cold_posts_where_the_photo_is_the_truth() -> None:
    only_looks = TasteSettings(words_weight=0.0, group_weight=0.0, looks_weight=1.0, like_rate=0.3)
    settings = WorldSettings(users=80, newcomers=3, days=14.0, taste=only_looks)
    world = simulate_with(small_photos(200), fake_looks, seed=3, settings=settings)
    rows = measure(world, _vectors(world), QUICK, lambda _what: None)
    assert intervals(rows, "photo-kNN", COLD).low > 0.7
    assert difference(rows, "photo-kNN", "caption-kNN", COLD).low > 0.1


def test_all_systems_are_asked_for_the_same_persons(rows: list[Row]) -> None:
    for metric in (COLD, WARM):
        assert len({len(row.values[metric]) for row in rows if metric in row.values}) == 1


def test_those_who_joined_later_are_listed_for_by_the_model_and_by_everyones_list(rows: list[Row]) -> None:
    assert [row.system for row in rows if LATER in row.values] == [NEUCF, EVERYONE]


def test_a_row_has_the_keys_of_the_other_benchmarks(rows: list[Row]) -> None:
    assert set(rows[0].to_json()) == {"system", "dataset", "protocol", "metrics", "seconds", "seed"}
