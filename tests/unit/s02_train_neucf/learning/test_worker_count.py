"""As many workers as cores are free and memory allows; none besides the service where processes do not pay."""

from dataclasses import replace

import pytest

from s02_train_neucf.learning.free_resources import FreeResources
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.worker_count import Room, TrainingSize, room_for
from shared.neucf.config import NeuCFConfig
from tests.neucf_worlds import QUICK

GB = 10**9
SIZE = TrainingSize(
    n_users=10_000, n_posts=20_000, n_events=500_000, width=NeuCFConfig().width, vector_bytes=20_000 * 384 * 2,
    recipe=Recipe(),
)  # fmt: skip
TINY = replace(SIZE, n_users=50, n_posts=300, n_events=3_000)
DEMO = replace(SIZE, n_users=943, n_posts=1_682, n_events=100_000)
LARGE = replace(SIZE, n_users=200_000, n_posts=100_000, n_events=10_000_000, vector_bytes=100_000 * 1664 * 2)


def room(size: TrainingSize = SIZE, *, asked: int | None = None, cores: int = 2, memory: int | None = 8 * GB) -> Room:
    return room_for(asked, size, lambda: FreeResources(cores=cores, memory_bytes=memory))


def count(size: TrainingSize = SIZE, *, asked: int | None = None, cores: int = 2, memory: int | None = 8 * GB) -> int:
    return room(size, asked=asked, cores=cores, memory=memory).count


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 2), (4, 4), (200, 8)])
def test_as_many_as_cores_are_free_and_memory_allows(cores: int, expected: int) -> None:
    assert count(cores=cores) == expected


def test_memory_that_is_short_leaves_one() -> None:
    assert count(memory=GB) == 1
    assert count(LARGE, memory=4 * GB) == 1  # what compose gives the trainer
    assert count(LARGE, memory=16 * GB) == 2


def test_unknown_memory_bounds_nothing() -> None:
    assert count(memory=None) == 2


def test_little_to_train_is_done_without_processes() -> None:
    assert count(TINY) == 1
    assert count(replace(SIZE, recipe=replace(QUICK, max_steps=5))) == 1


def test_the_worlds_of_the_demo_and_of_more_are_trained_side_by_side() -> None:
    assert count(DEMO) == 2
    assert count(replace(DEMO, n_events=45_000)) == 2
    assert count(replace(TINY, n_events=1_000_000)) == 2


def test_a_number_that_was_set_is_used() -> None:
    assert count(replace(SIZE, recipe=QUICK), asked=3, cores=1) == 3


def test_large_baselines_run_at_once_where_there_is_memory_for_two() -> None:
    dense = replace(SIZE, dense_bytes=2 * GB)
    assert room(dense, memory=9 * GB // 2) == Room(count=2, is_ample=False)
    assert room(dense, memory=8 * GB) == Room(count=2, is_ample=True)
    assert room(dense, asked=2, memory=GB) == Room(count=2, is_ample=False)
