"""The growth benchmark runs all five paths on each world, and its bounds are those of each path's ratio."""

from dataclasses import replace

from benchmarks.growth.__main__ import INTERACTIONS, SMALL, USERS, bounds_of, measure, rows_of
from benchmarks.growth.paths import JOB, LOAD, PUBLISH, SCORE, TRAIN
from benchmarks.world.shape import Size
from demo.embedded import Servers

PATHS = {PUBLISH, JOB, LOAD, TRAIN, SCORE}


def test_all_paths_are_timed_on_each_world(embedded: Servers) -> None:
    small = Size(users=200, posts=150, interactions=800, blocks=20, days=13.9, topics=8)
    sizes = {SMALL: small, USERS: replace(small, users=400), INTERACTIONS: replace(small, interactions=1_600)}
    found = measure(embedded, sizes, seed=1, rounds=1)
    assert all(set(found[world]) == PATHS for world in sizes)
    assert all(len(seconds) == 1 and seconds[0] > 0 for world in found.values() for seconds in world.values())
    assert len(rows_of(found)) == len(sizes) * len(PATHS)


def test_a_path_that_grows_faster_than_its_work_breaks_its_bound() -> None:
    found = {world: {path: [1.0, 1.0, 1.0] for path in PATHS} for world in (SMALL, USERS, INTERACTIONS)}
    found[INTERACTIONS][LOAD], found[USERS][SCORE] = [10.0, 10.9, 30.0], [9.0, 11.1, 12.0]
    found[USERS][TRAIN] = [99.0, 99.0, 99.0]  # it is asked to grow with interactions
    assert [bound.what.split(",")[0] for bound in bounds_of(found) if not bound.holds] == [SCORE]
