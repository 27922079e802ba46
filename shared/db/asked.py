"""Users who asked for a page and are not active: whom of them the app knows."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from shared.db.bulk import id_hash_sql, known_user_id_hashes, load_id_hashes
from shared.db.engine import Snapshot

Askers = Mapping[str, tuple[datetime, int]]  # user → when they asked, and their key


def known_askers(snapshot: Snapshot, asked: Mapping[str, datetime]) -> Askers:
    """Those who are in the relation of users; ids that nobody gave are left out."""
    if not asked:
        return {}
    known = snapshot.once(known_user_id_hashes)
    if known is not None:  # whoever asks may have named anybody: such ids are not told to the team's PostgreSQL
        keys = load_id_hashes(snapshot, list(asked))
        counts = known.contains(keys).tolist()
        askers = zip(asked.items(), keys.tolist(), counts, strict=True)
        return {user: (at, key) for (user, at), key, is_known in askers if is_known}
    ((connection, name),) = snapshot.homes("users")
    query = sa.text(f"SELECT id, {id_hash_sql('id')} FROM {name} WHERE id = ANY(:ids)")
    return {row[0]: (asked[row[0]], row[1]) for row in connection.execute(query, {"ids": list(asked)})}
