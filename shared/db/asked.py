"""Users who requested a page without being active: those of them whom the app knows."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import known_user_id_hashes, load_id_hashes
from shared.db.relations import id_hash_sql

Askers = Mapping[str, tuple[datetime, int]]  # user → time of the request, and id hash


def known_askers(snapshot: DatabaseSnapshot, asked: Mapping[str, datetime]) -> Askers:
    """Those who are in the relation of users; other ids are left out."""
    if not asked:
        return {}
    known = snapshot.once(known_user_id_hashes)
    if known is not None:  # a request may name any id, so these ids are not sent to the team's PostgreSQL
        hashes = load_id_hashes(snapshot, list(asked))
        counts = known.contains(hashes).tolist()
        askers = zip(asked.items(), hashes.tolist(), counts, strict=True)
        return {user: (at, id_hash) for (user, at), id_hash, is_known in askers if is_known}
    ((connection, name),) = snapshot.homes("users")
    query = sa.text(f"SELECT id, {id_hash_sql('id')} FROM {name} WHERE id = ANY(:ids)")
    return {row[0]: (asked[row[0]], row[1]) for row in connection.execute(query, {"ids": list(asked)})}
