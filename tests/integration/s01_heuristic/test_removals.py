"""What goes away between two runs is withheld by the second, and what comes back is shown again."""

import pytest

from shared.db.engine import Database
from shared.db.runs import recent_runs
from shared.db.safety import next_safety_version
from shared.domain import InteractionKind, author_hash
from shared.errors import SourceError
from shared.ranked_lists import keys, records
from shared.ranked_lists.job_store import JobStore
from tests.stores import Held, execute, heuristic_run, scalar
from tests.worlds import TEN_POSTS, job_settings, write_own_tables

DELETE = "UPDATE warmline.posts SET deleted_at = now() WHERE id = :id"


@pytest.fixture(autouse=True)
def _first_run(database: Database, writer: JobStore) -> None:
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)


def _withheld(held: Held) -> list[str]:
    return sorted(held.post(row).post_id for row in held.deleted())


def _viewer(held: Held, user: str) -> tuple[set[int], set[str], set[str]]:
    value = held.client.get(keys.viewer(user))
    assert value is None or isinstance(value, bytes)
    viewer = records.unpack_viewer(value, own=author_hash(user))
    hidden, seen = ({held.post(row).post_id for row in rows} for rows in (viewer.hidden_posts, viewer.seen_posts))
    return set(viewer.hidden_authors) - {author_hash(user)}, hidden, seen


def test_nothing_is_withheld_at_first(held: Held) -> None:
    assert _withheld(held) == []


def test_a_post_marked_as_deleted_is_withheld_after_one_run(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, DELETE, id="p2")
    heuristic_run(database, writer)
    assert _withheld(held) == ["p2"]


def test_a_post_whose_row_is_gone_is_withheld_after_one_run(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, "DELETE FROM warmline.posts WHERE id = 'p2'")
    heuristic_run(database, writer)
    assert _withheld(held) == ["p2"]


def test_a_deleted_post_stays_withheld_run_after_run(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, DELETE, id="p2")
    for _ in range(3):
        heuristic_run(database, writer)
    assert _withheld(held) == ["p2"]


def test_a_deleted_post_is_in_no_new_list(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, DELETE, id="p2")
    heuristic_run(database, writer)
    assert "p2" not in held.posts_of(held.everyone())


def test_a_deletion_is_a_new_safety_number(database: Database, writer: JobStore) -> None:
    before = writer.begin_safety_load().number
    execute(database, DELETE, id="p2")
    heuristic_run(database, writer)
    assert writer.begin_safety_load().number > before


def test_a_run_without_a_deletion_leaves_the_safety_number(database: Database, writer: JobStore) -> None:
    execute(database, DELETE, id="p2")
    heuristic_run(database, writer)
    before = writer.begin_safety_load().number
    heuristic_run(database, writer)
    assert writer.begin_safety_load().number == before


def test_a_post_that_is_no_candidate_any_more_and_then_deleted_is_withheld(
    database: Database, writer: JobStore, held: Held
) -> None:
    """p4 is 72 hours old: a narrow window leaves it out, while older lists may still hold it."""
    execute(database, DELETE, id="p4")
    heuristic_run(database, writer, job_settings(window={"candidate_days": 2, "min_candidates": 1}))
    assert _withheld(held) == ["p4"]


def test_a_post_that_is_no_candidate_any_more_is_not_withheld(database: Database, writer: JobStore, held: Held) -> None:
    heuristic_run(database, writer, job_settings(window={"candidate_days": 2, "min_candidates": 1}))
    assert _withheld(held) == []


def test_a_restored_post_is_shown_again_after_one_run(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, DELETE, id="p2")
    heuristic_run(database, writer)
    execute(database, "UPDATE warmline.posts SET deleted_at = NULL WHERE id = 'p2'")
    heuristic_run(database, writer)
    assert (_withheld(held), "p2" in held.posts_of(held.everyone())) == ([], True)


def test_a_deletion_that_no_list_can_hold_any_more_is_forgotten(
    database: Database, writer: JobStore, held: Held
) -> None:
    execute(database, DELETE, id="p2")
    heuristic_run(database, writer)
    execute(
        database, "UPDATE warmline.post_rows SET removed_at = removed_at - interval '97 hours' WHERE post_id = 'p2'"
    )
    heuristic_run(database, writer)
    assert _withheld(held) == []


def test_a_deletion_by_the_api_during_a_run_survives_it(database: Database, writer: JobStore, held: Held) -> None:
    version = next_safety_version(database)  # the run begins …
    row = scalar(database, "SELECT row FROM warmline.post_rows WHERE post_id = 'p2'")
    writer.add_deleted([row], version=next_safety_version(database))  # … a delete comes in …
    writer.drop_deleted_except(set(), version=version, number=0)  # … and the run tidies up with what it read before
    assert _withheld(held) == ["p2"]


# --- all posts at once ------------------------------------------------------------------------------------------------


def _vanish(database: Database) -> None:
    execute(database, "CREATE TABLE IF NOT EXISTS public.kept (LIKE warmline.posts)")
    execute(database, "TRUNCATE public.kept")
    execute(
        database, "WITH gone AS (DELETE FROM warmline.posts RETURNING *) INSERT INTO public.kept SELECT * FROM gone"
    )


def _come_back(database: Database) -> None:
    execute(database, "INSERT INTO warmline.posts SELECT * FROM public.kept")


def test_posts_that_vanish_all_at_once_are_an_error(database: Database, writer: JobStore) -> None:
    _vanish(database)
    with pytest.raises(SourceError, match="posts: got 0 rows, expected some as before"):
        heuristic_run(database, writer)


def test_posts_that_vanish_all_at_once_leave_redis_as_it_was(database: Database, writer: JobStore, held: Held) -> None:
    before = held.dump()
    _vanish(database)
    with pytest.raises(SourceError):
        heuristic_run(database, writer)
    assert (held.dump(), _withheld(held)) == (before, [])


def test_posts_that_vanish_all_at_once_stay_an_error(database: Database, writer: JobStore) -> None:
    _vanish(database)
    for _ in range(3):
        with pytest.raises(SourceError):
            heuristic_run(database, writer)
    assert {row["state"] for row in recent_runs(database, limit=3)} == {"failed"}


def test_posts_that_vanished_and_came_back_are_all_shown_after_one_run(
    database: Database, writer: JobStore, held: Held
) -> None:
    before = held.posts_of(held.everyone())
    _vanish(database)
    with pytest.raises(SourceError):
        heuristic_run(database, writer)
    _come_back(database)
    heuristic_run(database, writer)
    assert (_withheld(held), held.posts_of(held.everyone())) == ([], before)


def test_posts_that_vanish_all_at_once_are_not_on_record_as_removed(database: Database, writer: JobStore) -> None:
    """A Redis that lost its memory meanwhile would be told to withhold all of them."""
    _vanish(database)
    with pytest.raises(SourceError):
        heuristic_run(database, writer)
    assert scalar(database, "SELECT count(*) FROM warmline.post_rows WHERE removed_at IS NOT NULL") == 0


def test_the_last_post_of_an_app_can_be_deleted(database: Database, writer: JobStore, held: Held) -> None:
    """Marked as deleted, one by one: that is no broken view, and must be withheld within one run."""
    execute(database, "UPDATE warmline.posts SET deleted_at = now() WHERE id <> 'p2'")
    heuristic_run(database, writer)
    execute(database, DELETE, id="p2")
    heuristic_run(database, writer)
    assert "p2" in _withheld(held)


# --- blocks and hidden posts ------------------------------------------------------------------------------------------


def test_a_block_reaches_both_viewers(held: Held) -> None:
    assert (_viewer(held, "ann")[0], _viewer(held, "dan")[0]) == ({author_hash("dan")}, {author_hash("ann")})


def test_an_unblock_reaches_both_viewers_after_one_run(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, "DELETE FROM warmline.blocks")
    heuristic_run(database, writer)
    assert (_viewer(held, "ann")[0], _viewer(held, "dan")[0]) == (set(), set())


def test_an_unblock_changes_the_lists_after_one_run(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, "DELETE FROM warmline.blocks")
    heuristic_run(database, writer)
    assert held.posts_of(held.list_of("dan")) == ["p2", "p5", "p10", "p1", "p3"]


def test_a_hidden_post_is_in_the_viewer(held: Held) -> None:
    assert _viewer(held, "cat")[1] == {"p4"}


def test_an_unhidden_post_is_not(database: Database, writer: JobStore, held: Held) -> None:
    execute(database, "DELETE FROM warmline.interactions WHERE kind = 'hide'")
    heuristic_run(database, writer)
    assert _viewer(held, "cat")[1:] == (set(), {"p2"})


def test_a_user_whose_last_event_and_block_is_gone_has_an_empty_viewer(
    database: Database, writer: JobStore, held: Held
) -> None:
    execute(database, "DELETE FROM warmline.interactions WHERE user_id = 'dan'")
    execute(database, "DELETE FROM warmline.blocks")
    heuristic_run(database, writer)
    assert _viewer(held, "dan") == (set(), set(), set())


def test_a_block_between_users_without_a_list_is_still_withheld(
    database: Database, writer: JobStore, held: Held
) -> None:
    execute(database, "INSERT INTO warmline.blocks VALUES ('long gone', 'ann', now())")
    heuristic_run(database, writer)
    assert _viewer(held, "long gone")[0] == {author_hash("ann")}


@pytest.mark.parametrize("lists", [{"active_days": 0.5}, {"max_lists": 1}], ids=["inactive", "too many users"])
def test_a_post_hidden_by_a_user_without_a_list_is_still_withheld(
    lists: dict[str, object], database: Database, writer: JobStore, held: Held
) -> None:
    """Such a user is served everyone's list, under the same filters."""
    execute(
        database,
        "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES ('away', 'p6', :hide, :at)",
        hide=InteractionKind.HIDE.value,
        at=TEN_POSTS.at(60),
    )
    heuristic_run(database, writer, job_settings(lists=lists))
    assert _viewer(held, "away")[1] == {"p6"}
