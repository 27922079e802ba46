"""Users who asked for a page and are not active: whom of them the app knows."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from shared.db.bulk import key_of
from shared.db.engine import Snapshot

Askers = Mapping[str, tuple[datetime, int]]  # user → when they asked, and their key


def known_askers(snapshot: Snapshot, asked: Mapping[str, datetime]) -> Askers:
    """Those who are in the relation of users; ids that nobody gave are left out."""
    if not asked:
        return {}
    ((connection, name),) = snapshot.each("users")
    query = sa.text(f"SELECT id, {key_of('id')} FROM {name} WHERE id = ANY(:ids)")
    return {row[0]: (asked[row[0]], row[1]) for row in connection.execute(query, {"ids": list(asked)})}
