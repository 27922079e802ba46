"""The benchmark of scoring: what it calls equal is equal, and what it calls the floor is the arithmetic it says."""

import numpy as np
import pytest

from benchmarks.score.floor import pairs_at_best, pairs_per_second, shapes_of
from benchmarks.score.measure import LOOP, OURS, Measured
from benchmarks.score.peers import CORNAC
from benchmarks.score.plain import PlainLoop
from benchmarks.score.rows import bounds_of, rows_of
from benchmarks.score.same_lists import Compared, compared
from benchmarks.score.worlds import Size, World, make_world
from benchmarks.turns import Rates
from s02_recsys_neucf.score import RankedBlock
from shared.neucf.score import scores_of

SIZE = Size(users=70, posts=900, top=20, seed=3)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SIZE)


def test_the_plain_loop_scores_as_the_model_does(world: World) -> None:
    users, posts = world.sides(3)
    ours = scores_of(world.model, users, posts)
    plain = np.stack([PlainLoop(world).scores(user).numpy() for user in range(3)])
    np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-4 * np.abs(plain).max())


def test_our_lists_are_the_references(world: World) -> None:
    result = compared(world, PlainLoop(world), SIZE.users)
    assert result.are_the_same
    assert result.identical > 0.99


def test_two_posts_that_changed_places_are_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    best = PlainLoop.best
    monkeypatch.setattr(PlainLoop, "best", lambda self, user: best(self, user)[::-1].copy())
    assert not compared(world, PlainLoop(world), 5).are_the_same


def test_a_withheld_post_in_a_list_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = PlainLoop(world)
    listed = np.concatenate([world.withheld.indices[:1], reference.best(0)[1:]])[None]
    block = RankedBlock(users=slice(0, 1), indices=listed, scores=np.zeros(listed.shape, np.float32))
    monkeypatch.setattr(World, "ranked", lambda self, _n: iter([block]))
    assert not compared(world, reference, 1).are_the_same


def test_the_floor_adds_up_the_time_of_each_product() -> None:
    model = make_world(SIZE).model
    shapes = shapes_of(model)
    assert {shape.name: shape.operations for shape in shapes} == {"GMF 384": 768, "large": 0}
    rates = {name: Rates(per_second=(speed,), peak=0) for name, speed in {"GMF 384": 1e9, "large": 4e9}.items()}
    rest = 24 + 2 * 24  # the hidden layer's addition, the output
    assert pairs_per_second(model, shapes, rates) == pytest.approx(1 / (768e-9 + rest / 4e9))
    assert pairs_at_best(model, shapes, rates) == pytest.approx(4e9 / (768 + rest))


def test_the_default_model_is_three_members_with_content_and_history() -> None:
    config = make_world(SIZE).model.config
    assert (config.gmf_width, config.tower, config.history) == (384, (24,), True)
    assert (config.image_width, config.caption_width) == (1280, 384)


def _measured(*, loop: float, gap: float) -> Measured:
    pairs = {OURS: 10.0, LOOP: loop, CORNAC: 2.0}
    return Measured(
        rates={name: Rates(per_second=(1e6 * each,), peak=0) for name, each in pairs.items()}, shapes=(), peers="",
        floor=20e6, floor_at_best=40e6, compared=Compared(users=5, identical=1.0, gap=gap), over_the_model=0,
    )  # fmt: skip


def test_a_ratio_is_ours_in_parts_of_each_system() -> None:
    ratios = {row.system: row.ratio for row in rows_of(_measured(loop=5.0, gap=0.0)) if row.metric == "pairs"}
    assert ratios == pytest.approx(
        {
            "ours": 1.0, "plain loop over users": 2.0, "Cornac rank": 5.0, "floor": 0.5,
            "floor, all at the largest speed": 0.25,
        }
    )  # fmt: skip


def test_a_slow_run_or_other_lists_break_a_bound() -> None:
    def broken(measured: Measured) -> list[str]:
        return [bound.what for bound in bounds_of(measured, is_quick=False) if not bound.holds]

    assert broken(_measured(loop=5.0, gap=0.0)) == []
    assert broken(_measured(loop=8.0, gap=0.0)) == ["pairs/s, ours ÷ plain loop over users"]
    assert broken(_measured(loop=5.0, gap=1.0)) == ["largest difference from the reference's lists"]
