"""Bulk loads of follows, as numpy columns (see `shared.db.bulk`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from shared.db.binary_copy import copy_binary
from shared.db.bulk_events import sql_text
from shared.db.engine import DatabaseSnapshot
from shared.db.follows import has_follows
from shared.db.relations import id_hash_sql, optional_homes
from shared.event_columns import Int64s

_USER_BATCH = 5_000  # users whose follows are read by one statement
_NAMED = 50_000  # up to so many authors are named in it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowColumns:
    """Follows as columns of one length, in no order; a follow may be in both homes, and then comes twice."""

    user_id_hashes: Int64s
    author_id_hashes: Int64s

    def __len__(self) -> int:
        return len(self.user_id_hashes)


NO_FOLLOWS = FollowColumns(user_id_hashes=np.zeros(0, np.int64), author_id_hashes=np.zeros(0, np.int64))


def load_follow_columns(snapshot: DatabaseSnapshot, users: Sequence[str], authors: Collection[str]) -> FollowColumns:
    """Which of these authors each of these users follows, for a run.

    What is withheld from a user, blocks among it, is not left out here: lists leave it out themselves. A load by users
    and authors, since all follows of an installation may be very many.
    """
    if not users or not authors or not has_follows(snapshot):
        return NO_FOLLOWS
    among = f"AND author_id IN ({','.join(map(sql_text, authors))})" if len(authors) <= _NAMED else ""
    parts = []
    for start in range(0, len(users), _USER_BATCH):
        names = ",".join(map(sql_text, users[start : start + _USER_BATCH]))
        for connection, name, _ in optional_homes(snapshot, "follows"):
            query = f"""
                SELECT {id_hash_sql("user_id")}, {id_hash_sql("author_id")} FROM {name}
                WHERE user_id IN ({names}) {among} AND author_id IS NOT NULL
                """
            parts.append(copy_binary(connection, query, {"user": ">i8", "author": ">i8"}))
    return FollowColumns(
        user_id_hashes=np.concatenate([part["user"] for part in parts]),
        author_id_hashes=np.concatenate([part["author"] for part in parts]),
    )
