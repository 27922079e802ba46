"""Bulk loads: the relations as numpy columns; interactions are loaded by `shared.db.bulk_events`.

Ids are loaded as 64-bit hashes that PostgreSQL computes (`hashtextextended` under the collation "C"), so that a load is
a fixed-width binary COPY: no text of ten million rows is ever parsed, and the same query works on our tables and on
views in another database. Of a million ids, two share a hash with a probability of about 3 in 10⁸; `posts` and `users`
are checked for that at each load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from shared.db.binary_copy import copy_binary, joined
from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import (
    buried_post_id_hashes,
    check_hash,
    hidden_post_id_hashes,
    known_user_id_hashes,
    suspended_user_id_hashes,
)
from shared.db.key_set import IdHashSet
from shared.db.relations import id_hash_sql, usable_id_sql
from shared.db.repeated_ids import rows_to_keep
from shared.db.timestamps import EARLIEST, LATEST, seconds_sql
from shared.db.tombstones import buried, buried_in_views
from shared.db.viewers_say import users_not_personalised
from shared.domain import CLOCK_TOLERANCE, is_usable_id
from shared.errors import SourceError
from shared.event_columns import Floats, Int64s, PostColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts(PostColumns):
    """Candidate posts, newest first (ties by id)."""

    ids: list[str]
    author_ids: list[str]
    of_unknown: int = 0  # posts that are left out because their authors are not in the view of users
    repeated: int = 0  # further rows of the same posts, which are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Active users, newest activity first (ties by id)."""

    ids: list[str]
    id_hashes: Int64s
    active_at: Floats  # seconds since 1970, UTC

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLives(PostColumns):
    """All posts that are still in the relation, deleted ones too, by id hash, in no order."""

    deleted_at: Floats  # as `created_at`, not later than now; infinity if not deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPairs:
    """Blocks as columns of one length, in no order."""

    user_id_hashes: Int64s  # who blocked
    blocked_id_hashes: Int64s
    at: Floats  # seconds since 1970, UTC; -infinity if unknown

    def __len__(self) -> int:
        return len(self.at)


def load_candidates(snapshot: DatabaseSnapshot, *, since: datetime, now: datetime, at_least: int) -> Posts:
    """The posts created since a time; if there are fewer than `at_least`, that many of the newest posts, or all.

    With views, only posts whose author is in the view of users. Posts that are taken down are left out.
    """
    found = _candidate_rows(snapshot, "created_at >= :since", "", {"since": since}, now)
    rows, of_unknown, repeated = _eligible_rows(snapshot, found)
    most = at_least
    while len(rows) < at_least:
        found = _candidate_rows(snapshot, "true", "LIMIT :most", {"most": most}, now)
        rows, of_unknown, repeated = _eligible_rows(snapshot, found)
        rows = rows[:at_least]
        if len(found) < most:
            break
        most *= 2  # some of the newest have unknown authors or tombstones: read further back
    posts = Posts(
        ids=[row[0] for row in rows],
        author_ids=[row[1] for row in rows],
        id_hashes=np.array([row[2] for row in rows], np.int64),
        author_id_hashes=np.array([row[3] for row in rows], np.int64),
        created_at=_guarded(np.array([row[4] for row in rows], np.float64)),
        of_unknown=of_unknown,
        repeated=repeated,
    )
    _check_unique(posts.ids, posts.id_hashes, "posts")
    return posts


def load_all_posts(snapshot: DatabaseSnapshot, *, now: datetime) -> PostColumns:
    """Id hashes, authors and times of all posts that anyone may see (for training)."""
    ((connection, name),) = snapshot.homes("posts")
    check_hash(connection)
    query = f"""
        SELECT {id_hash_sql("id")}, {id_hash_sql("author_id")}, {seconds_sql("created_at")} FROM {name}
        WHERE deleted_at IS NULL AND created_at <= '{(now + CLOCK_TOLERANCE).isoformat()}'::timestamptz
          AND {usable_id_sql("id", "author_id")}
        """
    found = _of_known_authors(snapshot, copy_binary(connection, query, {"post": ">i8", "author": ">i8", "at": ">f8"}))
    gone = _gone_at(snapshot)
    if gone:
        is_visible = ~IdHashSet.of(np.array(list(gone), np.int64)).contains(found["post"])
        found = {name: column[is_visible] for name, column in found.items()}
    found = _once_each(found, order=(-found["at"], found["author"]))
    return PostColumns(id_hashes=found["post"], author_id_hashes=found["author"], created_at=_guarded(found["at"]))


def load_post_lives(snapshot: DatabaseSnapshot, *, now: datetime) -> PostLives:
    """All posts with the times between which they could be seen (for the replay).

    Posts that have left a view are missing, since nothing is known about them; so are those whose author has left the
    view of users.
    """
    ((connection, name),) = snapshot.homes("posts")
    check_hash(connection)
    # A deletion time ahead of now, or at infinity, means deleted: pages only check whether there is a time.
    deleted_at = f"CASE WHEN deleted_at IS NOT NULL THEN least({seconds_sql('deleted_at')}, {now.timestamp()!r}) END"
    query = f"""
        SELECT {id_hash_sql("id")}, {id_hash_sql("author_id")}, {seconds_sql("created_at")},
          coalesce({deleted_at}, 'infinity'::float8)
        FROM {name}
        WHERE created_at <= '{(now + CLOCK_TOLERANCE).isoformat()}'::timestamptz AND {usable_id_sql("id", "author_id")}
        """
    fields = {"post": ">i8", "author": ">i8", "at": ">f8", "deleted": ">f8"}
    found = _of_known_authors(snapshot, copy_binary(connection, query, fields))
    found = _once_each(found, order=(-found["deleted"], -found["at"], found["author"]))
    deleted = _with_burials(snapshot, found["post"], found["deleted"])
    return PostLives(
        id_hashes=found["post"],
        author_id_hashes=found["author"],
        created_at=_guarded(found["at"]),
        deleted_at=np.where(np.isinf(deleted), deleted, np.minimum(deleted, now.timestamp())),
    )


def _with_burials(snapshot: DatabaseSnapshot, posts: Int64s, deleted: Floats) -> Floats:
    """Until when posts could be seen; posts with a tombstone, and hidden ones, until then at the latest."""
    gone = _gone_at(snapshot)
    if not gone:
        return deleted
    (indices,) = np.nonzero(IdHashSet.of(np.array(list(gone), np.int64)).contains(posts))
    buried_at = np.array([gone[id_hash] for id_hash in posts[indices].tolist()], np.float64)
    until = deleted.copy()
    until[indices] = np.minimum(until[indices], buried_at)
    return until


def _gone_at(snapshot: DatabaseSnapshot) -> dict[int, float]:
    """Hashes of posts that have a tombstone or are hidden, and since when."""
    return snapshot.once(hidden_post_id_hashes) | snapshot.once(buried_post_id_hashes)


def load_block_pairs(snapshot: DatabaseSnapshot) -> BlockPairs:
    """All blocks with their times (for the replay)."""
    parts = [
        copy_binary(
            connection,
            f"""
            SELECT {id_hash_sql("user_id")}, {id_hash_sql("blocked_user_id")},
              coalesce({seconds_sql("created_at")}, '-infinity'::float8)
            FROM {name} WHERE {usable_id_sql("user_id", "blocked_user_id")}
            """,
            {"user": ">i8", "blocked": ">i8", "at": ">f8"},
        )
        for connection, name in snapshot.homes("blocks")
    ]
    user, blocked, at = (joined([part[name] for part in parts]) for name in ("user", "blocked", "at"))
    return BlockPairs(user_id_hashes=user, blocked_id_hashes=blocked, at=at)


def load_active_users(
    snapshot: DatabaseSnapshot,
    *,
    since: datetime,
    now: datetime,
    at_most: int,
    askers: Mapping[str, tuple[datetime, int]] | None = None,
) -> Users:
    """Users who joined, posted, interacted or requested a page (`askers`) since a time, the latest first.

    With views, only those in the view of users. Users who are not personalised are left out.
    """
    latest = dict(askers or {})
    for relation, column in (("users", "id"), ("posts", "author_id"), ("interactions", "user_id")):
        for connection, name in snapshot.homes(relation):
            found = connection.execute(
                sa.text(
                    f"""
                    SELECT {column}, {id_hash_sql(column)}, max(least(created_at, :now)) FROM {name}
                    WHERE created_at >= :since AND {column} IS NOT NULL GROUP BY {column}
                    """
                ),
                {"since": since, "now": now},
            )
            for user_id, id_hash, at in found:
                known = latest.get(user_id)
                if known is None or at > known[0]:
                    latest[user_id] = (at, id_hash)
    for gone in buried(snapshot.connection(snapshot.database.own), "users", list(latest)):
        del latest[gone]
    for user_id in snapshot.once(users_not_personalised):
        latest.pop(user_id, None)
    known_users = snapshot.once(known_user_id_hashes)
    if known_users is not None:
        counts = known_users.contains(np.array([id_hash for _, id_hash in latest.values()], np.int64)).tolist()
        latest = {user: found for (user, found), is_known in zip(latest.items(), counts, strict=True) if is_known}
    usable = ((user_id, active) for user_id, active in latest.items() if is_usable_id(user_id))
    ranked = sorted(usable, key=lambda item: (-item[1][0].timestamp(), item[0]))[:at_most]
    users = Users(
        ids=[user for user, _ in ranked],
        id_hashes=np.array([id_hash for _, (_, id_hash) in ranked], np.int64),
        active_at=np.array([at.timestamp() for _, (at, _) in ranked], np.float64),
    )
    _check_unique(users.ids, users.id_hashes, "users")
    return users


def _of_known_authors(
    snapshot: DatabaseSnapshot, columns: Mapping[str, npt.NDArray[Any]]
) -> Mapping[str, npt.NDArray[Any]]:
    """The posts (as columns) whose author counts and is not suspended."""
    known, suspended = snapshot.once(known_user_id_hashes), snapshot.once(suspended_user_id_hashes)
    counts = known.contains(columns["author"]) if known is not None else np.ones(len(columns["author"]), np.bool_)
    if len(suspended):
        counts &= ~suspended.contains(columns["author"])
    if counts.all():
        return columns
    return {name: column[counts] for name, column in columns.items()}


def _once_each(
    columns: Mapping[str, npt.NDArray[Any]], *, order: Sequence[npt.NDArray[Any]]
) -> Mapping[str, npt.NDArray[Any]]:
    """The posts (as columns), each in one row: of several rows, the first one by `order`."""
    kept = rows_to_keep(columns["post"], "posts", order=order)
    return columns if kept is None else {name: column[kept] for name, column in columns.items()}


def _eligible_rows(snapshot: DatabaseSnapshot, rows: Sequence[Any]) -> tuple[Sequence[Any], int, int]:
    """The rows of `_candidate_rows` without tombstones and takedowns, and with an author who counts, one for each post.

    Also returns how many rows have unknown authors, and how many are repeated.
    """
    gone = buried_in_views(snapshot, "posts", [row[0] for row in rows])
    rows = _without_takedowns(snapshot, [row for row in rows if row[0] not in gone] if gone else rows)
    known = snapshot.once(known_user_id_hashes)
    if known is None:
        return rows, 0, 0  # our own table has each post once
    counts = known.contains(np.array([row[3] for row in rows], np.int64))
    found = [row for row, is_known in zip(rows, counts.tolist(), strict=True) if is_known]
    hashes, authors = (np.array([row[column] for row in found], np.int64) for column in (2, 3))
    kept = rows_to_keep(hashes, "posts", order=(-np.array([row[4] for row in found], np.float64), authors))
    once = found if kept is None else [found[index] for index in kept.tolist()]
    return once, int((~counts).sum()), len(found) - len(once)


def _without_takedowns(snapshot: DatabaseSnapshot, rows: Sequence[Any]) -> Sequence[Any]:
    """The rows whose post is not hidden, and whose author is not suspended."""
    hidden, suspended = snapshot.once(hidden_post_id_hashes), snapshot.once(suspended_user_id_hashes)
    if not hidden and not len(suspended):
        return rows
    of_suspended = suspended.contains(np.array([row[3] for row in rows], np.int64)).tolist()
    return [row for row, is_down in zip(rows, of_suspended, strict=True) if not is_down and row[2] not in hidden]


def _candidate_rows(
    snapshot: DatabaseSnapshot, condition: str, limit: str, values: Mapping[str, object], now: datetime
) -> Sequence[Any]:
    ((connection, name),) = snapshot.homes("posts")
    check_hash(connection)
    query = f"""
        SELECT id, author_id, {id_hash_sql("id")}, {id_hash_sql("author_id")}, {seconds_sql("created_at")}
        FROM {name}
        WHERE deleted_at IS NULL AND created_at <= :latest AND {usable_id_sql("id", "author_id")} AND {condition}
        ORDER BY created_at DESC, id {limit}
        """
    return connection.execute(sa.text(query), {**values, "latest": now + CLOCK_TOLERANCE}).all()


def _check_unique(ids: list[str], hashes: Int64s, relation: str) -> None:
    if np.diff(np.sort(hashes)).all():  # numpy 2.4's `unique` uses a hash table, which takes ten times as long
        return
    if len(set(ids)) < len(ids):
        twice = next(post_id for post_id in ids if ids.count(post_id) > 1)
        raise SourceError(f"{relation}.id: {twice!r} stands in more than one row; ids must be unique")
    raise SourceError(f"{relation}.id: two ids share a 64-bit hash; change one of them")


def _guarded(seconds: Floats) -> Floats:
    """The times, limited to the range of a datetime, since differences of infinite times are not numbers."""
    return np.clip(seconds, EARLIEST.timestamp(), LATEST.timestamp(), out=seconds)


def to_datetime(seconds: float) -> datetime:
    """A time from a column."""
    return datetime.fromtimestamp(seconds, UTC)
