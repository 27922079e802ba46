"""Nearest posts that are carried from run to run, and which of them are published."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s02_recsys_neucf.similar import nearest_posts
from s02_recsys_neucf.similar.approximate import ApproximateSearch
from s02_recsys_neucf.similar.nearest_posts import HELD, NearestPosts, search_of
from s02_recsys_neucf.similar.published import MOST_OF_AUTHOR, ComparedPosts, published_neighbours, shown
from s02_recsys_neucf.similar.search import ExactSearch
from s02_recsys_neucf.similar.vector_space import UnitVectors, VectorKind, VectorSpace
from shared.domain import Reason
from shared.neucf.fast.top_k import NO_POST
from shared.ranked_lists import codec
from shared.ranked_lists.neighbours import MOST, unpack_neighbours
from tests.unit.s02_recsys_neucf.test_similar_search import index_of, raw_vectors

KINDS = (VectorKind.PHOTO, VectorKind.CAPTION)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=st.integers(0, 500), held=st.sampled_from([6, 10]))
def test_what_is_carried_is_what_would_be_found_anew(data: st.DataObject, seed: int, held: int) -> None:
    whole = index_of(raw_vectors(60, seed=seed))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(nearest_posts, "HELD", held)
        patched.setattr(nearest_posts, "ENOUGH", held - 2)
        patched.setattr(nearest_posts, "MERGED_AT_ONCE", 7)
        patched.setattr(nearest_posts, "MOST_CHANGED", data.draw(st.sampled_from([0.3, 1.0])))
        chosen = st.lists(st.integers(0, 59), unique=True, min_size=2).map(np.array)
        steps = [whole.taken(data.draw(chosen)) for _ in range(3)]
        now = NearestPosts.of(steps[0])
        for before, step in pairwise(steps):
            held_before = dict(zip(before.id_hashes.tolist(), _lists_of(now), strict=True))
            now = now.renewed(step)
            anew = NearestPosts.of(step)
            for row, (carried, fresh) in enumerate(zip(_lists_of(now), _lists_of(anew), strict=True)):
                assert len(carried) >= min(held - 2, len(fresh))
                assert [score for _, score in carried] == pytest.approx([s for _, s in fresh][: len(carried)], abs=1e-3)
                if not now.changed[row]:
                    assert carried == held_before[int(step.id_hashes[row])]


def _lists_of(found: NearestPosts) -> list[list[tuple[int, float]]]:
    """Of each post the others by id hash, with scores."""
    hashes = found.index.id_hashes
    return [
        [(int(hashes[index]), float(score)) for index, score in zip(*row, strict=True) if index != NO_POST]
        for row in zip(found.nearest.indices.tolist(), found.nearest.scores.tolist(), strict=True)
    ]


def test_a_post_with_another_vector_counts_as_new() -> None:
    before = index_of(raw_vectors(40, seed=1, share_known=1.0))
    vectors = dict(before.vectors)
    captions = vectors[VectorKind.CAPTION]
    moved = captions.values.copy()
    moved[3] = captions.values[4]
    vectors[VectorKind.CAPTION] = UnitVectors(moved, captions.known)
    after = type(before)(before.id_hashes, before.space, vectors)
    carried, anew = NearestPosts.of(before).renewed(after), NearestPosts.of(after)
    assert np.allclose(carried.nearest.scores[:, :20], anew.nearest.scores[:, :20], atol=1e-3)
    assert carried.changed[3]


def test_a_graph_finds_what_the_exact_search_finds() -> None:
    index = index_of(raw_vectors(800, seed=2))
    own = np.arange(800)
    exact, found = (
        search(index).nearest(index.vectors, k=20, without=own) for search in (ExactSearch, ApproximateSearch)
    )
    has_any = np.logical_or.reduce([units.known for units in index.vectors.values()])  # others are like none
    pairs = zip(exact.indices[has_any], found.indices[has_any], strict=True)
    assert np.mean([np.isin(one, other).mean() for one, other in pairs]) >= 0.98
    assert not (found.indices == own[:, None]).any()


def test_the_graph_is_loaded_only_for_more_posts_than_are_compared_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_of(raw_vectors(30, seed=2))
    assert isinstance(search_of(index), ExactSearch)
    monkeypatch.setattr(nearest_posts, "EXACT_UP_TO", 29)
    assert isinstance(search_of(index), ApproximateSearch)


def test_a_space_is_fitted_again_for_another_kind_and_when_it_is_outgrown() -> None:
    some = raw_vectors(20, seed=1, share_known=1.0)
    space = VectorSpace.fit({VectorKind.CAPTION: some[VectorKind.CAPTION]})
    assert space.fits({VectorKind.CAPTION: some[VectorKind.CAPTION]})
    assert not space.fits(some)
    assert not space.fits({VectorKind.CAPTION: raw_vectors(41, seed=1, share_known=1.0)[VectorKind.CAPTION]})


# --- what is published -----------------------------------------------------------------------------------------------


def _posts(n_posts: int, *, authors: list[int] | None = None, clusters: dict[int, int] | None = None) -> ComparedPosts:
    of_cluster = np.zeros(n_posts, np.int64)
    for post, cluster in (clusters or {}).items():
        of_cluster[post] = cluster
    return ComparedPosts(
        ids=[f"p{post}" for post in range(n_posts)],
        post_numbers=[100 + post for post in range(n_posts)],
        authors=np.array(authors or range(n_posts), np.uint64),
        clusters=of_cluster,
    )


def _kept(posts: ComparedPosts, near: list[int], scores: list[float]) -> list[int]:
    keep = shown(np.array([near]), np.array([scores], np.float32), np.array([0]), posts)
    return [post for post, is_kept in zip(near, keep[0], strict=True) if is_kept]


def test_near_identical_photos_are_published_once_and_never_beside_their_own() -> None:
    posts = _posts(8, clusters={0: 7, 1: 7, 3: 9, 4: 9})
    assert _kept(posts, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]) == [2, 3, 5]


def test_of_one_author_the_nearest_few_are_published() -> None:
    posts = _posts(30, authors=[1] + [2] * 20 + [3] * 9)
    near = list(range(1, 30))
    assert _kept(posts, near, [30.0 - post for post in near]) == [*range(1, 1 + MOST_OF_AUTHOR), *range(21, 29)]


def test_what_is_no_nearer_than_a_post_at_random_is_not_similar() -> None:
    assert _kept(_posts(6), [1, 2, 3, NO_POST], [2.0, 0.1, 0.0, -np.inf]) == [1, 2]


def test_values_name_the_posts_best_first_and_say_why() -> None:
    index = index_of(raw_vectors(120, seed=4, share_known=0.6))
    held, posts = NearestPosts.of(index), _posts(120)
    values = dict(published_neighbours(held, posts, np.arange(120)))
    assert values.keys() == set(posts.ids)
    photos, captions = (index.vectors[kind].known for kind in KINDS)
    for row, post_id in enumerate(posts.ids):
        value = unpack_neighbours(values[post_id])
        assert (value.post_number, value.author) == (100 + row, row)
        entries = [codec.entry_at(value.entries, place) for place in range(len(value))]
        assert len(entries) <= MOST
        scores = [score for _, _, score in entries]
        assert scores == sorted(scores, reverse=True)
        assert all(score > 0 for score in scores)
        assert 100 + row not in [number for number, _, _ in entries]
        for number, reason, _ in entries:
            by_photo, by_caption = (known[row] and known[number - 100] for known in (photos, captions))
            assert reason in {Reason.SIMILAR_PHOTO.code} if by_photo and not by_caption else True
            assert reason in {Reason.SIMILAR_CAPTION.code} if by_caption and not by_photo else True


def test_more_is_held_than_is_published() -> None:
    assert HELD >= 2 * MOST
