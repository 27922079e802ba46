import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s02_train_neucf.data.dataset import LikeMatrix, training_set
from shared.errors import TrainingRefused
from shared.neucf.features import PostFeatures
from tests.neucf_worlds import examples_from, posts_of, vectors

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=30)


def likes_of(pairs: list[tuple[int, int]]) -> LikeMatrix:
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return LikeMatrix.of(columns[:, 0], columns[:, 1], n_users=5, n_posts=6)


@given(pairs)
def test_the_mask_holds_the_pairs_and_no_others(pairs: list[tuple[int, int]]) -> None:
    assert {(int(u), int(p)) for u, p in np.argwhere(likes_of(pairs).mask(slice(0, 5)))} == set(pairs)


@given(pairs, st.lists(st.integers(0, 4), max_size=6))
def test_taking_users_takes_their_rows(pairs: list[tuple[int, int]], users: list[int]) -> None:
    likes = likes_of(pairs)
    taken = likes.take(np.array(users, dtype=np.int64))
    whole = likes.mask(slice(0, 5))
    np.testing.assert_array_equal(taken.mask(slice(0, len(users))), whole[np.array(users, dtype=np.int64)])


def test_only_what_has_an_example_has_a_row() -> None:
    data = training_set(examples_from([(7, 3), (7, 1)]), posts_of([1, 2, 3]))
    assert (data.users.id_hashes.tolist(), data.posts.id_hashes.tolist()) == ([7], [1, 3])


def test_times_stay_with_their_likes() -> None:
    data = training_set(examples_from([(9, 3), (7, 3), (9, 1)]), posts_of([1, 3]))
    at = dict(zip(zip(data.likes.users.tolist(), data.likes.posts.tolist(), strict=True), data.liked_at, strict=True))
    assert at == {(2, 2): 0.0, (1, 2): 1.0, (2, 1): 2.0}


def test_vectors_stay_with_their_posts() -> None:
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    data = training_set(examples_from([(7, 30)]), posts_of([10, 20, 30]), PostFeatures(image=vectors(values, 2)))
    assert data.features.image is not None
    assert data.features.image.values.tolist() == [[4.0, 5.0]]


def test_no_likes_are_refused_with_what_to_do() -> None:
    with pytest.raises(TrainingRefused, match=r"got 0 likes.*wait"):
        training_set(examples_from([]), posts_of([1]))


def test_nan_in_a_vector_is_refused() -> None:
    values = np.full((1, 2), np.nan, dtype=np.float32)
    with pytest.raises(TrainingRefused, match="caption vectors: 1 of 1 hold NaN"):
        training_set(examples_from([(7, 1)]), posts_of([1]), PostFeatures(caption=vectors(values, 0)))
