"""The growth benchmark runs all five paths on two worlds, and its bounds are those of each path's ratio."""

from benchmarks.growth.__main__ import bounds_of, measure, rows_of
from benchmarks.growth.paths import JOB, LOAD, PUBLISH, SCORE, TRAIN
from benchmarks.world.shape import Size
from demo.embedded import Servers


def test_all_paths_are_timed_on_both_worlds(embedded: Servers) -> None:
    sizes = [
        Size(users=users, posts=150, interactions=4 * users, blocks=20, days=13.9, topics=8) for users in (200, 400)
    ]
    small, large = measure(embedded, sizes, seed=1, rounds=1)
    assert set(small) == set(large) == {PUBLISH, JOB, LOAD, TRAIN, SCORE}
    assert all(len(seconds) == 1 and seconds[0] > 0 for world in (small, large) for seconds in world.values())
    assert len(rows_of(small, large)) == 2 * len(small)


def test_a_path_that_grows_faster_than_its_work_breaks_its_bound() -> None:
    small = {LOAD: [1.0, 1.0, 1.0], SCORE: [1.0, 1.0, 1.0]}
    bounds = bounds_of(small, {LOAD: [10.0, 10.9, 30.0], SCORE: [9.0, 11.1, 12.0]})
    assert [bound.holds for bound in bounds] == [True, False]
