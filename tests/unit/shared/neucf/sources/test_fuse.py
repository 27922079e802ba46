import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.neucf.fast.top_k import NO_POST
from shared.neucf.sources.all_sources import SOURCES, sources_named
from shared.neucf.sources.fuse import RANK_OFFSET, source_ranks
from tests.unit.shared.neucf.sources.worlds import asked

NOTHING_WITHHELD = np.zeros((3, 6), np.bool_)
BOTH = sources_named(["neucf", "heuristic"])


def test_ranks_are_added_as_reciprocals() -> None:
    fused = source_ranks(BOTH, asked(), NOTHING_WITHHELD, depth=6).fused()
    # User 0: the model ranks 5, 4, 3, 2, 1, 0, the heuristic 5, 1, 3, 2, 4, 0.
    ranks = {5: (1, 1), 4: (2, 5), 3: (3, 3), 2: (4, 4), 1: (5, 2), 0: (6, 6)}
    expected = [sum(1 / (RANK_OFFSET + rank) for rank in ranks[post]) for post in range(6)]
    np.testing.assert_allclose(fused[0], expected, rtol=1e-6)


def test_what_is_withheld_takes_no_rank_and_gets_nothing() -> None:
    withheld = NOTHING_WITHHELD.copy()
    withheld[0, 5] = True
    fused = source_ranks(BOTH, asked(), withheld, depth=6).fused()
    assert fused[0, 5] == 0
    np.testing.assert_allclose(fused[0, 1], 1 / (RANK_OFFSET + 4) + 1 / (RANK_OFFSET + 1), rtol=1e-6)


def test_beyond_its_depth_a_source_does_not_count() -> None:
    fused = source_ranks(BOTH, asked(), NOTHING_WITHHELD, depth=1).fused()
    assert np.flatnonzero(fused[0]).tolist() == [5]
    assert np.flatnonzero(fused[1]).tolist() == [0, 5]


def test_a_source_without_a_say_changes_nothing() -> None:
    silent = sources_named(["neucf", "heuristic", "liked next"])
    fused = source_ranks(silent, asked(), NOTHING_WITHHELD, depth=6).fused()
    np.testing.assert_allclose(fused[2], source_ranks(BOTH, asked(), NOTHING_WITHHELD, depth=6).fused()[2])


def test_the_best_source_is_the_one_that_ranks_a_post_best() -> None:
    ranks = source_ranks(BOTH, asked(), NOTHING_WITHHELD, depth=6)
    lists = np.array([[5, 1, 4], [0, 5, NO_POST], [3, 5, 1]])
    best = ranks.best_source(lists)
    assert best[0].tolist() == [0, 1, 0], "of equal ones the first"
    assert best[1, :2].tolist() == [0, 1]


@given(st.integers(0, 2**18 - 1), st.integers(1, 8))
def test_of_whatever_is_withheld_nothing_is_among_the_best(bits: int, depth: int) -> None:
    withheld = np.array([bits >> place & 1 for place in range(18)], np.bool_).reshape(3, 6)
    ranks = source_ranks(SOURCES, asked(), withheld, depth)
    assert not (ranks.fused()[withheld]).any()
    for best in ranks.best:
        for user, of_user in enumerate(best):
            shown = of_user[of_user != NO_POST]
            assert len(set(shown.tolist())) == len(shown) <= depth
            assert not withheld[user, shown].any()
