import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.peers import Program
from benchmarks.train.__main__ import bounds_of, rows_of, run
from benchmarks.train.epochs import tell_end
from benchmarks.train.systems import OURS, PLAIN, RECBOLE, System
from benchmarks.train.world import NEGATIVES, Shape, World, make_world

SHAPE = Shape(users=40, posts=200, likes=1200)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SHAPE, seed=3)


def pairs(columns: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> set[tuple[int, int]]:
    return {(int(user), int(post)) for user, post in columns}


def test_one_like_of_each_user_is_held_back(world: World) -> None:
    assert world.asked[:, 0].tolist() == list(range(SHAPE.users))
    assert not pairs(world.asked) & pairs(world.train)
    assert len(pairs(world.train)) == len(world.train)
    assert set(world.train[:, 0].tolist()) == set(range(SHAPE.users))


def test_no_negative_is_a_like(world: World) -> None:
    liked = pairs(world.train) | pairs(world.asked)
    drawn = {(user, int(post)) for user, row in enumerate(world.negatives) for post in row}
    assert len(drawn) == SHAPE.users * NEGATIVES
    assert not drawn & liked


def test_one_seed_gives_one_world_and_another_gives_another(world: World) -> None:
    assert np.array_equal(make_world(SHAPE, seed=3).train, world.train)
    assert not np.array_equal(make_world(SHAPE, seed=4).train, world.train)


def test_a_like_that_ten_negatives_reach_is_no_hit(capsys: pytest.CaptureFixture[str]) -> None:
    first = [9.0] + [0.0] * 20
    second = [5.0, 6.0] + [0.0] * 19
    tied = [5.0] + [5.0] * 10 + [0.0] * 10
    tell_end(np.array([first, second, tied]), {"numpy": "2"})
    told = json.loads(capsys.readouterr().out)
    assert told["hr"] == pytest.approx(2 / 3)
    assert told["ndcg"] == pytest.approx((1 + 1 / np.log2(3)) / 3)
    assert told["peak_mib"] > 1


def test_ours_and_the_plain_loop_train_by_turns_and_are_compared(world: World) -> None:
    systems = run(world, epochs=2, seed=1, threads=1, peers=False)
    assert [(each.name, len(each.seconds)) for each in systems] == [(OURS, 2), (PLAIN, 2)]
    assert all(each.losses[1] < each.losses[0] for each in systems)
    rows = rows_of(systems, len(world.train))
    assert {(row.system, row.metric) for row in rows} == {
        (name, metric) for name in (OURS, PLAIN) for metric in ("train", "HR@10", "NDCG@10", "last loss", "peak RSS")
    }
    assert all(row.ratio == 1 for row in rows if row.system == OURS)


def test_ours_must_be_twice_as_fast_as_recbole_and_as_good() -> None:
    def trained(name: str, seconds: float, hr: float) -> System:
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        program = Program(name=name, process=ended)  # type: ignore[arg-type] # it is not asked any more
        return System(program=program, seconds=[seconds], losses=[1.0], end={"hr": hr})

    def holds(ours: float, hr: float) -> list[bool]:
        systems = [trained(OURS, ours, hr), trained(PLAIN, 9.0, 0.5), trained(RECBOLE, 4.0, 0.5)]
        return [bound.holds for bound in bounds_of(systems, 100)]

    assert holds(1.9, 0.5) == [True, True, True]
    assert holds(2.1, 0.48) == [True, False, False]
