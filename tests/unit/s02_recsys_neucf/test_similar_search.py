"""The search for near posts: against the formula computed in full, and on groups whose members are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s02_recsys_neucf.similar import search
from s02_recsys_neucf.similar.search import ExactSearch, PostVectorIndex, mean_units
from s02_recsys_neucf.similar.vector_space import UnitVectors, VectorKind, VectorSpace
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.features import ContentVectors

N_GROUPS, WIDTH = 5, 24


def raw_vectors(n_posts: int, *, seed: int, share_known: float = 0.8) -> dict[VectorKind, ContentVectors]:
    """Photos and captions of posts; post i belongs to group i mod N_GROUPS."""
    random = np.random.default_rng(seed)
    groups = np.arange(n_posts) % N_GROUPS
    return {
        kind: ContentVectors(
            (random.normal(size=(N_GROUPS, WIDTH))[groups] + 0.3 * random.normal(size=(n_posts, WIDTH))).astype(
                np.float16
            ),
            random.random(n_posts) < share_known,
        )
        for kind in (VectorKind.PHOTO, VectorKind.CAPTION)
    }


def index_of(raw: dict[VectorKind, ContentVectors]) -> PostVectorIndex:
    space = VectorSpace.fit(raw)
    n_posts = len(raw[VectorKind.PHOTO].known)
    return PostVectorIndex(np.arange(n_posts, dtype=np.int64) * 7 - 50, space, space.vectors(raw))


def all_scores(index: PostVectorIndex) -> np.ndarray:
    """The formula of `vector_space`, pair by pair of kinds. -> (n_posts, n_posts)"""
    total = np.zeros((len(index), len(index)))
    for kind, units in index.vectors.items():
        reduction, values = index.space.reductions[kind], units.values.astype(np.float64)
        if not reduction.spread:  # all are equally near
            continue
        standard = (values @ values.T - reduction.mean) / reduction.spread
        total += np.where(units.known[:, None] & units.known[None, :], standard, 0.0)
    return total


@settings(max_examples=25, deadline=None)
@given(n_posts=st.integers(3, 90), seed=st.integers(0, 1000), k=st.integers(1, 100))
def test_the_search_finds_the_best_of_the_formula(n_posts: int, seed: int, k: int) -> None:
    index = index_of(raw_vectors(n_posts, seed=seed))
    own = np.arange(n_posts)
    found = ExactSearch(index).nearest(index.take(own), k=k, without=own)
    expected = all_scores(index)
    np.fill_diagonal(expected, -np.inf)
    best = -np.sort(-expected, axis=1)[:, : min(k, n_posts - 1)]
    shown = found.scores[:, : best.shape[1]]
    assert np.allclose(shown, best, atol=1e-3)
    assert (found.indices[:, best.shape[1] :] == NO_POST).all()
    assert all(len(set(row[row != NO_POST])) == (row != NO_POST).sum() for row in found.indices)
    assert not (found.indices == own[:, None]).any()


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_of(raw_vectors(300, seed=3))
    own = np.arange(300)
    whole = ExactSearch(index).nearest(index.take(own), k=20, without=own)
    monkeypatch.setattr(search, "QUERIES_AT_ONCE", 37)
    monkeypatch.setattr(search, "POSTS_AT_ONCE", 64)
    parts = ExactSearch(index).nearest(index.take(own), k=20, without=own)
    assert np.allclose(whole.scores, parts.scores, atol=1e-4)
    assert (whole.indices == parts.indices).mean() > 0.99  # scores that differ in the last bit only


def test_neighbours_are_of_the_same_group() -> None:
    index = index_of(raw_vectors(200, seed=1, share_known=1.0))
    own = np.arange(200)
    found = ExactSearch(index).nearest(index.take(own), k=20, without=own)
    assert (found.indices % N_GROUPS == own[:, None] % N_GROUPS).mean() > 0.99


def test_the_mean_of_several_posts_asks_for_what_they_have_in_common() -> None:
    index = index_of(raw_vectors(200, seed=1, share_known=1.0))
    liked = np.array([0, 5, 10, 2, 7])  # three of group 0, two of group 2
    queries = {kind: mean_units(units.take(liked), np.array([0, 3, 5])) for kind, units in index.vectors.items()}
    found = ExactSearch(index).nearest(queries, k=10)
    assert (found.indices[0] % N_GROUPS == 0).all()
    assert (found.indices[1] % N_GROUPS == 2).all()


def test_a_post_is_found_by_its_id_hash() -> None:
    index = index_of(raw_vectors(30, seed=1))
    assert index.indices_of(np.array([-50 + 7 * 4, 1, -50])).tolist() == [4, NO_POST, 0]


def test_posts_without_any_vector_are_like_none() -> None:
    raw = raw_vectors(20, seed=1, share_known=0.0)
    space = VectorSpace.fit(raw)
    index = PostVectorIndex(np.arange(20), space, space.vectors(raw))
    found = ExactSearch(index).nearest(index.take(np.arange(20)), k=3)
    assert found.indices.shape == (0, 3) or (found.indices == NO_POST).all()


def test_broken_vectors_count_as_missing() -> None:
    units = UnitVectors.of(np.array([[np.nan, 1.0], [0.0, 0.0], [3.0, 4.0]], np.float32), np.ones(3, bool))
    assert units.known.tolist() == [False, False, True]
    assert np.isfinite(units.values.astype(np.float32)).all()
    assert np.allclose(units.values[2].astype(np.float32), [0.6, 0.8], atol=1e-3)
