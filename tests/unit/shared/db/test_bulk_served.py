"""What served people when they liked something, once it is loaded."""

from itertools import count

import numpy as np
import pytest

from shared.db.bulk_served import NO_ROLLOUT, NO_SERVED_LIKES, UNKNOWN, RolloutHistory, ServedLikes, model_times
from shared.domain import Phase, PhaseState, rollout_bucket

ANN, BEN, CAT, STRANGER = 1, 2, 3, 9
# Ann's bucket is in the first per cent, Ben's in the thirtieth, Cat's in the last.
GROWING = RolloutHistory(
    changed_at=np.array([10.0, 20.0, 30.0, 40.0]),
    percents=np.array([1.0, 30.0, 100.0, 0.0]),
    user_id_hashes=np.array([ANN, BEN, CAT]),
    buckets=np.array([99, 2999, 9999], np.int16),
)


def outside(rollout: RolloutHistory, user: int) -> list[bool]:
    """Before, at, and after each change."""
    at = np.array([9.0, 10.0, 20.0, 30.0, 40.0])
    return list(rollout.outside(np.full(len(at), user), at))


def test_a_growing_rollout_takes_one_after_the_other_in() -> None:
    assert outside(GROWING, ANN) == [True, False, False, False, True]
    assert outside(GROWING, BEN) == [True, True, False, False, True]
    assert outside(GROWING, CAT) == [True, True, True, False, True]


def test_the_bucket_at_the_limit_is_outside() -> None:
    limit = RolloutHistory(
        changed_at=np.array([0.0]), percents=np.array([30.0]), user_id_hashes=np.array([ANN]),
        buckets=np.array([3000], np.int16),
    )  # fmt: skip
    assert limit.outside(np.array([ANN]), np.array([1.0])).tolist() == [True]


def test_someone_unknown_is_outside_only_when_everybody_is() -> None:
    assert outside(GROWING, STRANGER) == [True, False, False, False, True]


def test_before_the_first_change_everybody_is_outside() -> None:
    assert outside(NO_ROLLOUT, ANN) == [True] * 5


@pytest.mark.parametrize(
    ("changes", "scored", "expected"),
    [
        pytest.param([], [], [(-np.inf, 0)], id="never a champion"),
        pytest.param([(10.0, True)], [], [(-np.inf, 0), (10, 1)], id="from the promotion on"),
        pytest.param(
            [(10.0, True), (20.0, False)], [(12, 13), (21, 25), (31, 32)],
            [(-np.inf, 0), (10, 1), (25, 0)], id="until the next scoring run has ended",
        ),
        pytest.param(
            [(10.0, True), (20.0, False)], [(12, 13), (19, 21)],
            [(-np.inf, 0), (10, 1)], id="a run that began before the demotion withdrew nothing",
        ),
        pytest.param(
            [(10.0, True), (20.0, False), (30.0, True)], [(31, 32)],
            [(-np.inf, 0), (10, 1), (30, 1)], id="a model that passed before any run",
        ),
        pytest.param(
            [(30.0, True), (20.0, False)], [(33, 34)],
            [(-np.inf, 0), (30, 1), (34, 0)], id="after a clock was set back",
        ),
    ],
)  # fmt: skip
def test_a_model_may_have_lists_from_its_promotion_to_their_withdrawal(
    changes: list[tuple[float, bool]], scored: list[tuple[float, float]], expected: list[tuple[float, float]]
) -> None:
    times, may = model_times(changes, scored, before=False)
    assert list(zip(times.tolist(), may.tolist(), strict=True)) == expected


def test_a_champion_of_before_the_audit_may_have_lists_from_the_beginning() -> None:
    times, may = model_times([], [], before=True)
    assert (times.tolist(), may.tolist()) == ([-np.inf], [1.0])


def test_without_a_known_page_nothing_is_known_of_a_like() -> None:
    sources, positions = NO_SERVED_LIKES.of_pairs(np.array([1, 2]), np.array([3, 4]))
    assert (sources.tolist(), positions.tolist()) == ([UNKNOWN] * 2, [UNKNOWN] * 2)


def test_of_several_pages_of_a_user_and_post_the_earliest_counts() -> None:
    served = ServedLikes.of(
        user_id_hashes=np.array([ANN, BEN, ANN, ANN]), post_id_hashes=np.full(4, 7),
        at=np.array([30.0, 5.0, 10.0, 20.0]),
        sources=np.array([1, 0, 2, 3], np.int8), positions=np.array([60, 0, 20, 40], np.int32),
    )  # fmt: skip
    sources, positions = served.of_pairs(np.array([ANN, BEN]), np.array([7, 7]))
    assert (sources.tolist(), positions.tolist()) == ([2, 0], [20, 0])


@pytest.mark.parametrize(("percent", "bucket"), [(71.4, 7139), (71.4, 7140), (71.4, 7141), (30.0, 2999), (30.0, 3000)])
def test_the_edge_of_a_rollout_is_where_the_timeline_has_it(percent: float, bucket: int) -> None:
    user = next(name for name in map(str, count()) if rollout_bucket("salt", name) == bucket)
    state = PhaseState(version=1, phase=Phase.NEUCF, rollout_percent=percent, salt="salt")
    history = RolloutHistory(
        changed_at=np.array([0.0]),
        percents=np.array([percent]),
        user_id_hashes=np.array([1]),
        buckets=np.array([bucket], np.int16),
    )
    assert history.outside(np.array([1]), np.array([1.0])).tolist() == [state.phase_of(user) is Phase.HEURISTIC]
