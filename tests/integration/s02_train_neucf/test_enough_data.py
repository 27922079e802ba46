"""A training that no gate could pass is refused before anything is encoded, and says how far the data is."""

from datetime import timedelta

import pytest

from s02_train_neucf.gate.enough_data import refuse_too_little
from shared.db.engine import Database
from shared.errors import TrainingRefused
from tests.stores import execute
from tests.worlds import NOW


def like(database: Database, *, users: int, posts: int) -> None:
    """Each of the users likes each of the posts."""
    at = NOW - timedelta(days=1)
    execute(
        database,
        "INSERT INTO warmline.users (id, created_at) SELECT 'u' || n, :at FROM generate_series(1, :users) AS n",
        users=users,
        at=at,
    )
    execute(
        database,
        "INSERT INTO warmline.posts (id, author_id, created_at)"
        " SELECT 'p' || n, 'author', :at FROM generate_series(1, :posts) AS n",
        posts=posts,
        at=at,
    )
    execute(
        database,
        "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)"
        " SELECT u.id, p.id, 'like', :at FROM warmline.users AS u, warmline.posts AS p",
        at=at,
    )


def test_five_likes_are_refused_with_how_far_they_are(database: Database) -> None:
    like(database, users=1, posts=5)
    with pytest.raises(TrainingRefused) as refused:
        refuse_too_little(database, days=730, min_positives=3, now=NOW)
    assert str(refused.value).startswith(
        "not ready: 1 of 100 users have three likes;"
        " 5 of 5,000 likes, comments, saves and shares (one per user and post) are there;"
        " 5 of 200 posts are there. Nothing was encoded or trained"
    )


@pytest.mark.parametrize(("users", "refused"), [(74, True), (75, False)])
def test_as_many_users_as_the_gate_has_to_ask_are_enough_to_begin(
    database: Database, users: int, refused: bool
) -> None:
    like(database, users=users, posts=3)
    if refused:
        with pytest.raises(TrainingRefused, match="74 of 100 users"):
            refuse_too_little(database, days=730, min_positives=3, now=NOW)
    else:
        refuse_too_little(database, days=730, min_positives=3, now=NOW)
