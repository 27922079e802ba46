"""Small reads for the timeline: the newest posts, the posts of some numbers, and what one user must not be shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from shared.db.clusters import clusters_of_posts
from shared.db.engine import Database, DatabaseSnapshot
from shared.db.known_users import author_is_known_sql, shown_authors
from shared.db.mutes import load_mutes
from shared.db.post_rows import assign_post_numbers, known_post_numbers, transaction_snapshot
from shared.db.relations import usable_id_sql
from shared.db.safety import load_blocks, load_hides
from shared.db.tables import SCHEMA
from shared.db.takedowns import hidden_posts
from shared.db.tombstones import buried, buried_in_views, hold_off_erasures
from shared.db.viewers_say import NOTHING_SAID, load_muted_posts, load_say
from shared.domain import CLOCK_TOLERANCE, author_hash
from shared.eligibility import Pair, Viewer, hidden_authors

NO_VALUES: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post for the timeline's own fallback."""

    post_number: int
    post_id: str
    author: int  # author hash
    created_at: datetime
    cluster: int = 0  # of near-identical photos; 0: there is none


def newest_posts(database: Database, *, now: datetime, limit: int, older_than: datetime | None = None) -> list[NewPost]:
    """The newest posts that anyone may see, newest first; new ones get their numbers.

    Args:
        database: ours.
        now: posts dated ahead of it by more than the clock tolerance are left out.
        limit: maximum number of posts.
        older_than: none is newer than this; a post of exactly this time may be returned again.
    """
    latest = now + CLOCK_TOLERANCE if older_than is None else min(older_than, now + CLOCK_TOLERANCE)
    return _numbered(database, latest=latest, limit=limit)


def _numbered(
    database: Database, *, latest: datetime, limit: int, condition: str = "", values: Mapping[str, object] = NO_VALUES
) -> list[NewPost]:
    with database.read() as snapshot:
        as_of = transaction_snapshot(snapshot)
        alive = _newest_alive(snapshot, condition, values, latest=latest, limit=limit)
    with database.begin() as connection:
        hold_off_erasures(connection)  # what was erased since the read gets no number
        gone = buried(connection, "posts", [post_id for post_id, _, _ in alive])
        alive = [post for post in alive if post[0] not in gone]
        numbers = assign_post_numbers(connection, [post_id for post_id, _, _ in alive], as_of=as_of)
        clusters = clusters_of_posts(connection, [post_id for post_id, _, _ in alive])
    return [
        NewPost(
            post_number=number, post_id=post_id, author=author_hash(author_id), created_at=created_at,
            cluster=clusters.get(post_id, 0),
        )
        for number, (post_id, author_id, created_at) in zip(numbers, alive, strict=True)
    ]  # fmt: skip


def _newest_alive(
    snapshot: DatabaseSnapshot, only: str, values: Mapping[str, object], *, latest: datetime, limit: int
) -> Sequence[Any]:
    """The newest posts whose author counts; neither post nor author has a tombstone or is taken down."""
    condition, most = "", limit
    while True:
        found = _newest(snapshot, f"{only} {condition}", values, latest=latest, limit=most)
        post_ids = [post_id for post_id, _, _ in found]
        gone = buried_in_views(snapshot, "posts", post_ids) | hidden_posts(snapshot, post_ids)
        known = shown_authors(snapshot, {author for _, author, _ in found})
        alive = [row for row in found if row[0] not in gone and row[1] in known]
        if len(alive) >= limit or len(found) < most:
            return alive[:limit]
        condition, most = author_is_known_sql(snapshot), 2 * most  # further posts follow after those that were left out


def _newest(
    snapshot: DatabaseSnapshot, condition: str, values: Mapping[str, object], *, latest: datetime, limit: int
) -> Sequence[Any]:
    ((connection, name),) = snapshot.homes("posts")
    query = sa.text(
        f"""
        SELECT id, author_id, created_at FROM {name}
        WHERE deleted_at IS NULL AND created_at <= :latest AND {usable_id_sql("id", "author_id")} {condition}
        ORDER BY created_at DESC, id LIMIT :most
        """
    )
    return connection.execute(query, {**values, "latest": latest, "most": limit}).all()


def newest_posts_of(
    database: Database,
    author_ids: Sequence[str],
    *,
    window: timedelta,
    unless_newer: datetime | None,
    limit: int,
) -> list[NewPost]:
    """The newest posts of these authors that anyone may see, newest first; new ones get their numbers.

    Args:
        database: ours.
        author_ids: whose.
        window: how far back it looks.
        unless_newer: it looks back to this time at least; None: as far as there are posts (they are few).
        limit: maximum number of posts.
    """
    now = datetime.now(UTC)
    since = None if unless_newer is None else min(now - window, unless_newer)
    condition = "AND author_id = ANY(:authors)" + (" AND created_at >= :since" if since is not None else "")
    values = {"authors": list(author_ids), "since": since}
    return _numbered(database, latest=now + CLOCK_TOLERANCE, limit=limit, condition=condition, values=values)


def posts_by_number(database: Database, post_numbers: Collection[int]) -> list[NewPost]:
    """The posts with these numbers that anyone may still see."""
    with database.begin() as connection:
        found = connection.execute(
            sa.text(f"SELECT post_id, row FROM {SCHEMA}.post_rows WHERE row = ANY(:rows)"), {"rows": list(post_numbers)}
        )
        number_of: dict[str, int] = {row[0]: row[1] for row in found}
        clusters = clusters_of_posts(connection, list(number_of))
    with database.read() as snapshot:
        ((connection, name),) = snapshot.homes("posts")
        query = sa.text(
            f"""
            SELECT id, author_id, created_at FROM {name}
            WHERE id = ANY(:ids) AND deleted_at IS NULL AND {usable_id_sql("id", "author_id")}
            """
        )
        ids = number_of.keys() - buried_in_views(snapshot, "posts", number_of) - hidden_posts(snapshot, number_of)
        alive = connection.execute(query, {"ids": sorted(ids)}).all()
        known = shown_authors(snapshot, {author for _, author, _ in alive if author is not None})
    return [
        NewPost(
            post_number=number_of[post_id], post_id=post_id, author=author_hash(author_id), created_at=created_at,
            cluster=clusters.get(post_id, 0),
        )
        for post_id, author_id, created_at in alive
        if author_id in known
    ]  # fmt: skip


def viewer_of(database: Database, user_id: str, *, since: datetime) -> Viewer:
    """What one user must not be shown, from PostgreSQL (for when Redis is down)."""
    return viewers_of(database, [user_id], since=since)[user_id]


def viewers_of(database: Database, user_ids: Collection[str], *, since: datetime) -> dict[str, Viewer]:
    """What each of these users must not be shown, in as many queries as for one."""
    with database.read() as snapshot:
        blocks, mutes = load_blocks(snapshot, of=user_ids), load_mutes(snapshot, of=user_ids)
        hides = load_hides(snapshot, since=since, of=user_ids) | load_muted_posts(snapshot, of=user_ids)
        said = load_say(snapshot, of=user_ids)
    with database.begin() as connection:
        numbers = known_post_numbers(connection, [post for _, post in hides])
    others: dict[str, list[Pair]] = {user_id: [] for user_id in user_ids}
    for blocker, blocked in blocks:
        for user_id in {blocker, blocked} & others.keys():
            others[user_id].append((blocker, blocked))
    muted: dict[str, set[int]] = {user_id: set() for user_id in user_ids}
    for user_id, author in mutes:
        if user_id in muted:  # of another spelling, where a view compares texts by a rule of its own
            muted[user_id].add(author_hash(author))
    hidden: dict[str, set[int]] = {user_id: set() for user_id in user_ids}
    for user_id, post_id in hides:
        if post_id in numbers:
            hidden[user_id].add(numbers[post_id])
    return {
        user_id: Viewer(
            hidden_authors=hidden_authors(user_id, others[user_id]) | muted[user_id],
            hidden_posts=frozenset(hidden[user_id]),
            rules=(say := said.get(user_id, NOTHING_SAID)).rules,
            is_personalised=say.is_personalised,
        )
        for user_id in user_ids
    }
