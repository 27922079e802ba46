"""Searching for what users did or said, some events at a time."""

import pytest

from shared.db.engine import Database
from shared.db.live_passes import arrived_lately
from tests.stores import execute

HOMES = {
    "events": "interactions (user_id, post_id, kind, changed_xid) VALUES ('{user}', 'p', 'like', {xid})",
    "revocations": "revoking_users (user_id, changed_xid) VALUES ('{user}', {xid})",
    "settings": "viewer_settings (user_id, changed_xid) VALUES ('{user}', {xid})",
}


@pytest.mark.parametrize("home", HOMES.values(), ids=HOMES)
def test_what_is_read_at_once_ends_where_any_of_the_tables_does(database: Database, home: str) -> None:
    for xid in range(11, 16):
        execute(database, f"INSERT INTO warmline.{home.format(user=f'user{xid}', xid=xid)}")
    found, since = set[str](), 0
    for _ in range(10):
        arrived = arrived_lately(database, since, at_most=2)
        found |= arrived.newest.keys()
        if arrived.until is None:
            break
        since = max(arrived.until, since + 1)
    assert found == {f"user{xid}" for xid in range(11, 16)}
    assert arrived_lately(database, 0, at_most=6).until is None
