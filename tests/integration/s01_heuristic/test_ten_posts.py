"""The hand-made world (see `worlds.TEN_POSTS`) from PostgreSQL to Valkey, through the job."""

import pytest

from shared.db.engine import Database
from shared.ranked_lists.job_store import JobStore
from tests.stores import Held, heuristic_run
from tests.worlds import TEN_POSTS, TEN_POSTS_LISTS, TEN_POSTS_ORDER, write_own_tables


@pytest.fixture
def published(database: Database, writer: JobStore, held: Held) -> Held:
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)
    return held


def test_everyones_list_is_the_order_on_paper(published: Held) -> None:
    assert published.entries_of(published.everyone()) == list(TEN_POSTS_ORDER)


def test_each_user_gets_the_list_on_paper(published: Held) -> None:
    got = {user: tuple(published.posts_of(published.list_of(user))) for user in TEN_POSTS.users}
    assert got == TEN_POSTS_LISTS
