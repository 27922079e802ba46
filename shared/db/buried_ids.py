"""What a whole view still shows although it was buried: each of its ids is read, and hashed here.

Only where there are tombstones. A million ids take a second or two; the team's PostgreSQL could not hash them without
being told the secret.
"""

from shared.db.engine import Snapshot
from shared.db.relations import usable_id_sql
from shared.db.tombstones import Tombstones, post_tombstones, user_tombstones

_BLOCK = 1 << 20  # bytes


def buried_users_in_view(snapshot: Snapshot) -> dict[str, float]:
    """Users whom the view of users has although they were erased, and when. Ask by `snapshot.once`."""
    return _buried_in_view(snapshot, "users", snapshot.once(user_tombstones))


def buried_posts_in_view(snapshot: Snapshot) -> dict[str, float]:
    """Posts that the view of posts has although they were deleted or erased, and when. Ask by `snapshot.once`."""
    return _buried_in_view(snapshot, "posts", snapshot.once(post_tombstones))


def _buried_in_view(snapshot: Snapshot, relation: str, tombstones: Tombstones) -> dict[str, float]:
    if not tombstones:
        return {}
    ((connection, name),) = snapshot.homes(relation)
    sieve = _Sieve(tombstones)
    cursor = connection.connection.cursor()
    try:
        query = f"SELECT CAST(id AS text) FROM {name} WHERE {usable_id_sql('id')}"
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (ENCODING 'UTF8')", sieve, _BLOCK)
    finally:
        cursor.close()
    return sieve.found


class _Sieve:
    """Takes COPY's text, one id a line, and keeps those that were buried. No id has a line break in it."""

    def __init__(self, tombstones: Tombstones) -> None:
        self._tombstones = tombstones
        self._rest = b""
        self.found: dict[str, float] = {}

    def write(self, block: bytes) -> int:
        *lines, self._rest = (self._rest + block).split(b"\n")
        ids = (line.replace(b"\\\\", b"\\") if b"\\" in line else line for line in lines)  # as COPY writes them
        self.found.update((each.decode(), at) for each, at in self._tombstones.times_of(ids).items())
        return len(block)
