import numpy as np

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.learning.ranker_state import ranker_state_of
from s02_train_neucf.learning.transitions import transitions_of
from shared.neucf.examples import Examples
from shared.neucf.final_ranker import FUSIONS, SERVING_ORDERS
from tests.neucf_worlds import posts_of

ROUND = [3, 1, 4, 2]  # everybody likes these posts in this order, beginning anywhere


def likes(*, in_order: bool = True) -> TrainingSet:
    """Forty people, each with three likes in a row of ROUND; a fifth post that one of them likes first."""
    users = np.repeat(np.arange(40), 3)
    posts = np.array([ROUND[(user + step) % 4] for user in range(40) for step in range(3)])
    at = np.arange(120.0) if in_order else np.zeros(120)
    users, posts, at = np.append(users, 0), np.append(posts, 9), np.append(at, -1.0 if in_order else 0.0)
    order = np.argsort(at, kind="stable")
    examples = Examples(user_id_hashes=users[order], post_id_hashes=posts[order], at=at[order], liked_at=at[order])
    return training_set(examples, posts_of([1, 2, 3, 4, 9]))


def test_the_next_post_of_each_is_the_one_that_follows_it() -> None:
    data = likes()
    found = transitions_of(data)
    found.check(data.posts.n_rows)
    first = {int(data.posts.id_hashes[row - 1]): found.rows[row, 0] for row in range(1, data.posts.n_rows)}
    following = {post: int(data.posts.id_hashes[row - 1]) for post, row in first.items() if post != 9}
    assert following == {3: 1, 1: 4, 4: 2, 2: 3}


def test_of_more_posts_than_are_learned_of_the_most_liked_ones_count() -> None:
    data = likes()
    found = transitions_of(data, max_posts=4)
    (rare,) = data.posts.model_rows(np.array([9]))
    assert not found.weights[rare].any()
    assert not (found.rows == rare).any()
    assert found.weights.any()


def test_likes_without_an_order_lead_to_nothing() -> None:
    data = likes(in_order=False)
    found = transitions_of(data)
    found.check(data.posts.n_rows)
    assert found.weights.size == 0


def test_only_what_a_ranker_needs_is_learned() -> None:
    assert ranker_state_of(likes(), SERVING_ORDERS).transitions is None
    assert ranker_state_of(likes(), FUSIONS).transitions is not None
