"""Whatever a user says, or takes back, is noted: partial runs and the search for missed events find the user."""

from collections.abc import Callable

import pytest

from shared.db.arrivals import arrivals_mark, arrived_since
from shared.db.ended_say import end_expired
from shared.db.engine import Database
from shared.db.follows import drop_follow, put_follow
from shared.db.mutes import drop_mute, put_mute
from shared.db.preferences import (
    drop_preference,
    put_preference,
    put_settings,
    read_preferences,
    reset_preferences,
)
from tests.stores import execute

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
