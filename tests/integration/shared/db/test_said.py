"""What users say or block, or take back, is noted: partial runs and searches for missed events find these users."""

from collections.abc import Callable

import pytest

from shared.db.arrivals import arrivals_mark, arrived_since
from shared.db.ended_say import end_expired
from shared.db.engine import Database
from shared.db.follows import drop_follow, put_follow
from shared.db.imports import Row, merge_rows
from shared.db.mutes import drop_mute, put_mute
from shared.db.preferences import (
    drop_preference,
    put_preference,
    put_settings,
    read_preferences,
    reset_preferences,
)
from shared.db.writes import drop_block, put_block
from tests.stores import execute

NOW = "2026-11-01T12:00:00+00:00"
Act = Callable[[Database], object]


def undo_all(database: Database) -> None:
    for said in read_preferences(database, "ann").preferences:
        assert said.id is not None
        drop_preference(database, "ann", said.id)


def end(database: Database) -> None:
    execute(database, "UPDATE warmline.mutes SET expires_at = now()")
    end_expired(database)


ACTS: dict[str, Act] = {
    "mute": lambda database: put_mute(database, "ann", "ben", expires_at=None),
    "unmute": lambda database: drop_mute(database, "ann", "cat"),
    "mute instead of more": lambda database: put_mute(database, "ann", "dan", expires_at=None),
    "follow": lambda database: put_follow(database, "ann", "ben"),
    "unfollow": lambda database: drop_follow(database, "ann", "cat"),
    "say": lambda database: put_preference(database, "ann", "less", "word", "rain", expires_at=None),
    "settings": lambda database: put_settings(database, "ann", sensitive="hide"),
    "undo": undo_all,
    "reset": lambda database: reset_preferences(database, "ann"),
    "end": end,
    "import of a mute": lambda database: merge_rows(database, "mutes", [("ann", "ben", NOW, None)]),
    "import of a follow": lambda database: merge_rows(database, "follows", [("ann", "ben", NOW)]),
}
WITH_OTHERS: dict[str, Act] = {
    "block": lambda database: put_block(database, "ann", "ben"),
    "unblock": lambda database: drop_block(database, "ann", "ben"),
    "import of a block": lambda database: merge_rows(database, "blocks", [("ann", "ben", NOW)]),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_who_says_something_is_found(database: Database, act: Act) -> None:
    put_mute(database, "ann", "cat", expires_at=None)
    put_follow(database, "ann", "cat")
    put_preference(database, "ann", "more", "author", "dan", expires_at=None)
    mark = arrivals_mark(database)
    assert arrived_since(database, mark) == set()
    act(database)
    assert arrived_since(database, mark) == {"ann"}


@pytest.mark.parametrize("act", WITH_OTHERS.values(), ids=WITH_OTHERS)
def test_both_whom_a_block_concerns_are_found(database: Database, act: Act) -> None:
    mark = arrivals_mark(database)
    act(database)
    assert arrived_since(database, mark) == {"ann", "ben"}


def test_an_import_that_is_repeated_notes_nobody(database: Database) -> None:
    rows: dict[str, Row] = {
        "blocks": ("ann", "ben", NOW),
        "mutes": ("ann", "cat", NOW, None),
        "follows": ("ann", "cat", NOW),
    }
    for relation, row in rows.items():
        merge_rows(database, relation, [row])
    mark = arrivals_mark(database)
    for relation, row in rows.items():
        assert merge_rows(database, relation, [row]).changed == 0
    assert arrived_since(database, mark) == set()
