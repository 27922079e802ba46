"""Finds what a view still contains although it has a tombstone: reads all ids of the view and hashes them here.

Done only if there are tombstones. A million ids take a second or two. The team's PostgreSQL cannot hash them, since it
must not know the secret.
"""

from shared.db.engine import DatabaseSnapshot
from shared.db.relations import usable_id_sql
from shared.db.tombstones import Tombstones, post_tombstones, user_tombstones

_BLOCK = 1 << 20  # bytes


def buried_users_in_view(snapshot: DatabaseSnapshot) -> dict[str, float]:
    """Erased users who are still in the view of users, and when they were erased. Call it by `snapshot.once`."""
    return _buried_in_view(snapshot, "users", snapshot.once(user_tombstones))


def buried_posts_in_view(snapshot: DatabaseSnapshot) -> dict[str, float]:
    """Deleted or erased posts that are still in the view of posts, and since when. Call it by `snapshot.once`."""
    return _buried_in_view(snapshot, "posts", snapshot.once(post_tombstones))


def _buried_in_view(snapshot: DatabaseSnapshot, relation: str, tombstones: Tombstones) -> dict[str, float]:
    if not tombstones:
        return {}
    ((connection, name),) = snapshot.homes(relation)
    sink = _BuriedIds(tombstones)
    cursor = connection.connection.cursor()
    try:
        query = f"SELECT CAST(id AS text) FROM {name} WHERE {usable_id_sql('id')}"
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (ENCODING 'UTF8')", sink, _BLOCK)
    finally:
        cursor.close()
    return sink.buried_at


class _BuriedIds:
    """Receives COPY's text, one id per line, and keeps those with a tombstone. No id contains a line break."""

    def __init__(self, tombstones: Tombstones) -> None:
        self._tombstones = tombstones
        self._rest = b""
        self.buried_at: dict[str, float] = {}

    def write(self, block: bytes) -> int:
        *lines, self._rest = (self._rest + block).split(b"\n")
        ids = (line.replace(b"\\\\", b"\\") if b"\\" in line else line for line in lines)  # COPY doubles backslashes
        self.buried_at.update((name.decode(), at) for name, at in self._tombstones.times_of(ids).items())
        return len(block)
