"""Post numbers: one for each post, for ever, and none is wasted."""

import threading
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.db.engine import Database
from shared.db.post_rows import (
    assign_post_numbers,
    known_post_numbers,
    mark_removed,
    removed_post_numbers,
    transaction_snapshot,
)
from tests.stores import execute, forget_everything, scalar

FIFTY = [f"post-{number:02}" for number in range(50)]
post_ids = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), min_size=1, max_size=20)


def _moment(database: Database) -> str:
    with database.read() as snapshot:
        return transaction_snapshot(snapshot)


def _rows(database: Database, ids: list[str], *, as_of: str | None = None) -> list[int]:
    with database.begin() as connection:
        return assign_post_numbers(connection, ids, as_of=as_of or _moment(database))


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=st.lists(st.lists(post_ids, unique=True, max_size=12), min_size=1, max_size=5))
def test_no_two_posts_share_a_number_and_none_ever_changes(database: Database, runs: list[list[str]]) -> None:
    forget_everything(database)
    row_of: dict[str, int] = {}
    for ids in runs:
        for post, row in zip(ids, _rows(database, ids), strict=True):
            assert row_of.setdefault(post, row) == row
    assert len(set(row_of.values())) == len(row_of)


def test_twenty_runs_over_fifty_posts_use_up_fifty_numbers(database: Database) -> None:
    for run in range(20):
        _rows(database, FIFTY[run:] + FIFTY[:run])
    _rows(database, ["a new one"])
    assert scalar(database, "SELECT max(row) FROM warmline.post_rows") == 51


def test_new_posts_get_numbers_in_the_given_order(database: Database) -> None:
    assert _rows(database, ["b", "a", "c"]) == [1, 2, 3]


def test_no_posts_get_no_numbers(database: Database) -> None:
    assert _rows(database, []) == []


def test_an_id_with_tabs_newlines_and_backslashes_is_kept(database: Database) -> None:
    odd = ["a\tb", "a\nb", "a\\b", "\\N", "\\.", "a\rb", "日本 🐶"]
    _rows(database, odd)
    with database.begin() as connection:
        assert set(known_post_numbers(connection, odd)) == set(odd)


def test_concurrent_runs_agree_on_the_numbers(database: Database) -> None:
    got: list[list[int]] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        got.append(_rows(database, FIFTY))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got[1:] == got[:1] * 3


def test_a_removed_post_keeps_its_number(database: Database) -> None:
    (row,) = _rows(database, ["p"])
    with database.begin() as connection:
        mark_removed(connection, ["p"])
    assert _rows(database, ["p"]) == [row]


def test_a_removed_post_is_withheld_until_it_is_a_candidate_again(database: Database) -> None:
    _rows(database, ["p"])
    with database.begin() as connection:
        mark_removed(connection, ["p"])
        before = removed_post_numbers(connection, keep_for=timedelta(hours=72))
    _rows(database, ["p"])
    with database.begin() as connection:
        after = removed_post_numbers(connection, keep_for=timedelta(hours=72))
    assert (before, after) == ([1], [])


def test_a_removal_is_forgotten_when_no_list_can_hold_the_post_any_more(database: Database) -> None:
    _rows(database, ["p"])
    with database.begin() as connection:
        mark_removed(connection, ["p"])
    execute(database, "UPDATE warmline.post_rows SET removed_at = now() - interval '97 hours'")
    with database.begin() as connection:
        assert removed_post_numbers(connection, keep_for=timedelta(hours=72)) == []


def test_a_post_that_was_removed_after_it_was_read_as_visible_stays_removed(database: Database) -> None:
    _rows(database, ["p"])
    as_of = _moment(database)
    with database.begin() as connection:
        mark_removed(connection, ["p"])
    _rows(database, ["p"], as_of=as_of)
    assert _removed(database) == _rows(database, ["p"], as_of=as_of)


def test_a_removal_that_was_not_committed_when_the_posts_were_read_stays(database: Database) -> None:
    """Its time is earlier than the read, so only the transaction number shows the order."""
    _rows(database, ["p"])
    with database.begin() as deleting:
        mark_removed(deleting, ["p"])
        as_of = _moment(database)
    _rows(database, ["p"], as_of=as_of)
    assert len(_removed(database)) == 1


def test_a_post_that_is_read_as_visible_after_its_removal_has_come_back(database: Database) -> None:
    _rows(database, ["p"])
    with database.begin() as connection:
        mark_removed(connection, ["p"])
    _rows(database, ["p"])
    assert _removed(database) == []


def _removed(database: Database) -> list[int]:
    with database.begin() as connection:
        return removed_post_numbers(connection, keep_for=timedelta(hours=1))
