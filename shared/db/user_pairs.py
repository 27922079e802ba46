"""Bulk loads of relations between users as columns of id hashes: who follows whom, and who keeps away from whom."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.db.binary_copy import copy_binary, joined
from shared.db.bulk import load_block_pairs
from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import buried_user_id_hashes, known_user_id_hashes, silent_user_id_hashes
from shared.db.key_set import IdHashSet
from shared.db.relations import id_hash_sql, optional_homes, usable_id_sql
from shared.event_columns import Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPairs:
    """Pairs of users, as columns of one length; a pair may come twice."""

    users: Int64s  # id hashes
    others: Int64s

    def __len__(self) -> int:
        return len(self.users)

    def where(self, kept: npt.NDArray[np.bool_]) -> "UserPairs":
        """The pairs at which the mask is true."""
        return UserPairs(users=self.users[kept], others=self.others[kept])


NO_PAIRS = UserPairs(users=np.empty(0, np.int64), others=np.empty(0, np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFollows:
    """Follows by whether they say anything to others: as with events, their user counts, and is not silent."""

    all: UserPairs  # who follows, whom; without erased users
    counted: UserPairs


def load_follow_pairs(snapshot: DatabaseSnapshot) -> LoadedFollows:
    """All follows."""
    pairs = _load(snapshot, "follows", "author_id")
    gone = IdHashSet.of(snapshot.once(buried_user_id_hashes))
    if len(gone):
        pairs = pairs.where(~gone.contains(pairs.users) & ~gone.contains(pairs.others))
    known, silent = snapshot.once(known_user_id_hashes), snapshot.once(silent_user_id_hashes)
    counts = ~silent.contains(pairs.users)
    if known is not None:
        counts &= known.contains(pairs.users)
    return LoadedFollows(all=pairs, counted=pairs if counts.all() else pairs.where(counts))


def load_pairs_apart(snapshot: DatabaseSnapshot) -> UserPairs:
    """All pairs of users of whom one has blocked or muted the other, in both directions."""
    blocks, mutes = load_block_pairs(snapshot), _load(snapshot, "mutes", "muted_user_id", "expires_at")
    one = np.concatenate([blocks.user_id_hashes, mutes.users])
    other = np.concatenate([blocks.blocked_id_hashes, mutes.others])
    return UserPairs(users=np.concatenate([one, other]), others=np.concatenate([other, one]))


def _load(snapshot: DatabaseSnapshot, relation: str, other: str, ends: str | None = None) -> UserPairs:
    parts = []
    for connection, name, columns in optional_homes(snapshot, relation):
        lasts = f"AND ({ends} IS NULL OR {ends} > now())" if ends in columns else ""
        query = f"""
            SELECT {id_hash_sql("user_id")}, {id_hash_sql(other)} FROM {name}
            WHERE {usable_id_sql("user_id", other)} {lasts}
            """
        parts.append(copy_binary(connection, query, {"user": ">i8", "other": ">i8"}))
    users, others = (joined([part[column] for part in parts]) for column in ("user", "other"))
    return UserPairs(users=users, others=others)
