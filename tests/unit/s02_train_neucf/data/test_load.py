import numpy as np

from shared.domain import InteractionKind
from tests.neucf_worlds import data_of, events_of, posts_of, vectors

DATA = data_of(
    events_of(
        (1, 10, InteractionKind.LIKE, 5.0), (1, 11, InteractionKind.LIKE, 15.0), (1, 12, InteractionKind.LIKE, 25.0)
    ),
    posts_of([10, 11, 12], created_at=[0.0, 10.0, 20.0]),
    deleted_at={10: 12.0},
)


def test_before_a_moment_nothing_later_is_known() -> None:
    then = DATA.before(15.0)
    assert then.events.at.tolist() == [5.0]
    assert then.posts.id_hashes.tolist() == [11]


def test_a_post_that_is_deleted_later_was_there() -> None:
    assert DATA.before(11.9).posts.id_hashes.tolist() == [10, 11]
    assert DATA.before(12.0).posts.id_hashes.tolist() == [11]


def test_what_stands_is_what_is_not_deleted_by_now() -> None:
    without_deleted = DATA.without_deleted()
    assert without_deleted.posts.id_hashes.tolist() == [11, 12]
    assert len(without_deleted.events.at) == 3


def test_vectors_stay_with_their_posts() -> None:
    image = vectors(np.array([[0.0], [1.0], [2.0]], dtype=np.float32), 0, 1, 2)
    features = type(DATA.features)(image=image)
    then = data_of(DATA.events, DATA.posts, deleted_at={10: 12.0}, features=features).before(15.0)
    assert then.features.image is not None
    assert then.features.image.values.tolist() == [[1.0]]


def test_what_is_not_deleted_by_a_moment_includes_what_comes_later() -> None:
    assert DATA.standing(11.9).tolist() == [True, True, False]
    assert DATA.not_deleted_by(11.9).posts.id_hashes.tolist() == [10, 11, 12]
    assert DATA.not_deleted_by(12.0).posts.id_hashes.tolist() == [11, 12]
    assert len(DATA.not_deleted_by(12.0).events.at) == 3
