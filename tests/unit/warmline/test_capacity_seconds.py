"""Seconds by part: bounds that are those of the code, a last run that sets each part right, what is never scaled."""

from dataclasses import replace

import numpy as np
import pytest

from s02_train_neucf import baselines, batches, evaluate, replay, replay_times
from s02_train_neucf.dataset import Likes
from s02_train_neucf.recipe import Recipe
from warmline import capacity_seconds as model
from warmline.capacity_model import HEURISTIC, SCORE, TRAIN, Speeds, World
from warmline.capacity_seconds import MEASURED_AT, Night, after_runs, estimated, unknown_night

HERE = World(
    users=1_000, posts=500, interactions=20_000, blocks=100, lists=400, candidates=250, events=8_000, scored=200
)  # fmt: skip
NIGHT = Night(
    users=900, posts=500, likes=9_000, events=20_000, epochs=60, validations=8, steps=144, people=1_200,
    asked=3_600, examined=700,
)  # fmt: skip


def test_a_machine_half_as_quick_takes_twice_as_long() -> None:
    slow = Speeds(row=2 * MEASURED_AT.row, list=2 * MEASURED_AT.list, flop=2 * MEASURED_AT.flop)
    quick, twice = estimated(HERE, NIGHT, MEASURED_AT), estimated(HERE, NIGHT, slow)
    assert set(quick) == {HEURISTIC, TRAIN, SCORE}
    for job, parts in quick.items():
        assert twice[job] == {part: pytest.approx(2 * seconds) for part, seconds in parts.items()}


def test_each_part_is_set_right_by_what_it_took_and_not_by_the_whole() -> None:
    # The first part is what a process needs in any case: estimated alike, and so it stays 3 s.
    there, here = {"start": 1.0, "learn": 10.0}, {"start": 1.0, "learn": 1.0}
    assert after_runs(there, [(here, {"start": 3.0, "learn": 2.0}, 5.0)]) == {"start": 3.0, "learn": 20.0}


def test_a_report_without_parts_sets_the_whole_right() -> None:
    assert after_runs({"load": 4.0, "rank": 6.0}, [({"load": 1.0, "rank": 1.0}, {}, 3.0)]) == {"load": 6.0, "rank": 9.0}


def test_of_several_runs_the_middle_one_counts() -> None:
    runs = [({"load": 1.0}, {"load": seconds}, seconds) for seconds in (9.0, 2.0, 3.0)]
    assert after_runs({"load": 10.0}, runs) == {"load": 30.0}


def test_without_runs_the_estimate_stays() -> None:
    assert after_runs({"load": 4.0}, []) == {"load": 4.0}


def test_twice_the_users_learn_for_as_many_epochs_and_are_asked_twice_as_often() -> None:
    twice = NIGHT.scaled(users=2, posts=1, interactions=2)
    assert (twice.epochs, twice.validations) == (NIGHT.epochs, NIGHT.validations)
    assert (twice.users, twice.likes, twice.people, twice.asked) == (1_800, 18_000, 2_400, 7_200)


def test_no_more_people_are_asked_than_may() -> None:
    many = NIGHT.scaled(users=1_000, posts=100, interactions=1_000)
    assert many.people == replay.MAX_ASKED * (replay_times.N_CUTS + replay_times.N_WARM_UP)
    assert many.asked == 3 * many.people
    assert many.examined == 2 * evaluate.sample_size(many.posts)


@pytest.mark.parametrize("n_users", [1, 31, 900, 1_248, 12_480, 200_000, 1_000_000])
def test_an_epoch_has_as_many_steps_as_the_training_takes(n_users: int) -> None:
    recipe = Recipe()
    size = batches.users_in_a_step(n_users, recipe)
    assert model.users_in_a_step(n_users) == size
    parts = -(-n_users // size)
    assert model.steps_of_an_epoch(n_users) == min(recipe.max_steps, parts * -(-recipe.steps_per_epoch // parts))


def test_the_bounds_are_those_of_the_training() -> None:
    recipe = Recipe()
    assert (recipe.steps_per_epoch, recipe.batch_users) == (model.STEPS_PER_EPOCH, model.BATCH_USERS)
    assert (recipe.max_batch_users, recipe.max_steps) == (model.MAX_BATCH_USERS, model.MAX_STEPS)
    assert recipe.max_posts == model.MAX_POSTS
    assert (model.MAX_ASKED, model.CUTS) == (replay.MAX_ASKED, replay_times.N_CUTS + replay_times.N_WARM_UP)
    assert (model.MAX_PAIRS, model.MIN_SAMPLE) == (evaluate.MAX_PAIRS, evaluate.MIN_SAMPLE)
    assert (model.MAX_SAMPLE, model.MAX_DENSE_POSTS) == (evaluate.MAX_SAMPLE, baselines.MAX_DENSE_POSTS)


def test_a_step_of_a_large_catalogue_takes_a_sample_of_its_posts() -> None:
    small, large = replace(NIGHT, posts=4_000), replace(NIGHT, posts=100_000)
    assert model.posts_of_a_step(small) == 4_000
    likes = Likes.of(np.arange(900).repeat(10), np.arange(9_000), n_users=900, n_posts=100_000)
    liked = likes.take(np.arange(model.users_in_a_step(900)))
    assert model.posts_of_a_step(large) == pytest.approx(model.MAX_POSTS + len(liked.posts), rel=0.05)


def test_rankers_that_hold_posts_by_posts_are_left_out_where_there_are_too_many_posts() -> None:
    most, more = replace(NIGHT, posts=model.MAX_DENSE_POSTS), replace(NIGHT, posts=model.MAX_DENSE_POSTS + 1)
    before, after = (estimated(HERE, night, MEASURED_AT)[TRAIN]["exams"] for night in (most, more))
    assert after < before


def test_before_any_training_one_is_guessed_at() -> None:
    assert unknown_night(HERE).users == HERE.scored
    assert sum(estimated(HERE, unknown_night(HERE), MEASURED_AT)[TRAIN].values()) > 0


def test_ten_times_the_events_are_sorted_in_somewhat_more_than_ten_times_the_time() -> None:
    of = {n: replace(HERE, events=n, lists=0, candidates=0) for n in (155_375, 1_553_750)}
    few, many = (sum(estimated(world, NIGHT, MEASURED_AT)[HEURISTIC].values()) for world in of.values())
    assert many / few == pytest.approx(11.9, abs=0.1)  # log 1,553,750 / log 155,375 = 1.19
