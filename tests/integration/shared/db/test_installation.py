"""Whether PostgreSQL recognises data without a named owner, and its new id."""

from collections.abc import Mapping

import pytest

from shared.db.engine import Database
from shared.db.installation import earlier_ids, knows_models, matches_installation, renew_installation
from shared.db.models import register_model
from shared.db.phases import installation_id
from shared.db.post_rows import assign_post_numbers, forget_posts, transaction_snapshot
from shared.db.runs import request_run
from tests.stores import rows, scalar


@pytest.mark.parametrize(
    ("posts", "knows"),
    [
        ({}, True),  # nothing that could be mixed up
        ({1: "a", 2: "b"}, True),
        ({1: "a", 9: "long gone"}, True),
        ({1: "a", 2: "other"}, False),
        ({9: "other"}, False),
        ({3: "erased"}, False),  # the number of an erased post proves nothing
        ({1: "a", 3: "erased"}, True),
    ],
)
def test_post_numbers_are_ours_if_known_ones_name_the_same_posts(
    posts: Mapping[int, str], knows: bool, database: Database
) -> None:
    with database.read() as snapshot:
        as_of = transaction_snapshot(snapshot)
    with database.begin() as connection:
        assign_post_numbers(connection, ["a", "b", "erased"], as_of=as_of)
        forget_posts(connection, ["erased"])
    assert matches_installation(database, salt=None, posts=posts) is knows


@pytest.mark.parametrize(
    ("is_our_salt", "posts", "knows"),
    [
        (True, {}, True),
        (True, {9: "long gone"}, True),
        (True, {1: "other"}, False),  # a phase was written into a Redis with another's posts
        (False, {}, False),
        (False, {1: "a"}, False),  # both number from 1, and both have a post `a`
    ],
)
def test_another_salt_is_another_installations_and_our_salt_does_not_excuse_other_posts(
    is_our_salt: bool, posts: Mapping[int, str], knows: bool, database: Database
) -> None:
    with database.read() as snapshot:
        as_of = transaction_snapshot(snapshot)
    with database.begin() as connection:
        assign_post_numbers(connection, ["a"], as_of=as_of)
    salt = scalar(database, "SELECT salt FROM warmline.installation") if is_our_salt else "another"
    assert matches_installation(database, salt=salt, posts=posts) is knows


def test_a_model_is_known_by_folder_and_hash(database: Database) -> None:
    run = request_run(database, "train", by="test")
    register_model(database, run_id=run, folder="model-1", sha256="aa", accepted=True, verdict="", report={})
    assert knows_models(database, {"model-1": "aa", "model-2": "aa"}) == {"model-1"}
    assert knows_models(database, {"model-1": "bb"}) == set()


def test_a_new_id_is_recorded_and_the_old_one_is_kept(database: Database) -> None:
    before = installation_id(database)
    old, new = renew_installation(database, by="ann@home")
    assert (old, new) == (before, installation_id(database))
    assert new != before
    assert earlier_ids(database) == {before}
    assert rows(database, "SELECT who, deed, was, became FROM warmline.audit") == [
        ("ann@home", "renew installation", old, new)
    ]
