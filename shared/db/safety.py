"""What must not be shown, read from PostgreSQL: blocks, hidden posts, deleted posts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from shared.db.engine import Database, DatabaseSnapshot
from shared.db.known_users import known_users
from shared.db.post_rows import mark_removed, posts_to_check, removed_post_numbers
from shared.db.relations import usable_id_sql
from shared.db.tables import SCHEMA
from shared.db.tombstones import buried_in_views
from shared.domain import InteractionKind
from shared.eligibility import Pair
from shared.errors import SourceError

_ID_BATCH = 10_000


def next_safety_version(database: Database) -> int:
    """A version for what is read after this call: withheld posts (viewers, deletions), and what lists are made from.

    An act takes its version after its commit. So a reader that took its version first and did not see the act has a
    lower version than the act, in every process and in every life of Redis.
    """
    with database.begin() as connection:
        return int(connection.scalar(sa.text(f"SELECT nextval('{SCHEMA}.viewer_versions')")) or 0)


def newest_version(database: Database) -> int:
    """The last version that was given out, or the first one if there is none."""
    with database.begin() as connection:
        return int(connection.scalar(sa.text(f"SELECT last_value FROM {SCHEMA}.viewer_versions")) or 0)


def load_blocks(snapshot: DatabaseSnapshot, *, of: Collection[str] | None = None) -> set[Pair]:
    """All blocks (or those that name one of these users) as pairs: who blocked, who is blocked."""
    condition, values = "", dict[str, object]()
    if of is not None:
        condition = "AND (user_id = ANY(:users) OR blocked_user_id = ANY(:users))"
        values = {"users": _alive(snapshot, of)}
    pairs: set[Pair] = set()
    for connection, name in snapshot.homes("blocks"):
        has_ids = usable_id_sql("user_id", "blocked_user_id")
        query = sa.text(f"SELECT user_id, blocked_user_id FROM {name} WHERE {has_ids} {condition}")
        pairs.update((blocker, blocked) for blocker, blocked in connection.execute(query, values))
    gone = buried_in_views(snapshot, "users", {user for pair in pairs for user in pair})
    return {pair for pair in pairs if gone.isdisjoint(pair)} if gone else pairs


def load_hides(snapshot: DatabaseSnapshot, *, since: datetime, of: Collection[str] | None = None) -> set[Pair]:
    """Pairs of a user and a post that the user has hidden since a time."""
    condition = ""
    values: dict[str, object] = {"kind": InteractionKind.HIDE.value, "since": since}
    if of is not None:
        condition = "AND user_id = ANY(:users)"
        values |= {"users": _alive(snapshot, of)}
    pairs: set[Pair] = set()
    for connection, name in snapshot.homes("interactions"):
        query = sa.text(
            f"SELECT user_id, post_id FROM {name} WHERE kind = :kind AND created_at >= :since {condition}"
            f" AND {usable_id_sql('user_id', 'post_id')}"
        )
        pairs.update((user, post) for user, post in connection.execute(query, values))
    gone = buried_in_views(snapshot, "users", {user for user, _ in pairs})
    return {pair for pair in pairs if pair[0] not in gone} if gone else pairs


def _alive(snapshot: DatabaseSnapshot, users: Collection[str]) -> list[str]:
    return sorted({*users} - buried_in_views(snapshot, "users", users))


def visibility_of_posts(snapshot: DatabaseSnapshot, post_ids: Sequence[str]) -> dict[str, bool]:
    """Those of these posts that are in the relation, and whether anyone may still see them."""
    gone = buried_in_views(snapshot, "posts", post_ids)
    found = _visible(snapshot, [post_id for post_id in post_ids if post_id not in gone])
    erased = buried_in_views(snapshot, "users", {author for _, author in found.values() if author is not None})
    return dict.fromkeys(gone, False) | {
        post_id: alive and author not in erased for post_id, (alive, author) in found.items()
    }


def visible_author(snapshot: DatabaseSnapshot, post_id: str) -> str | None:
    """The author of a post that its relation lets everybody see; None if it does not."""
    is_visible, author = _visible(snapshot, [post_id]).get(post_id, (False, None))
    return author if is_visible else None


def _visible(snapshot: DatabaseSnapshot, post_ids: Sequence[str]) -> dict[str, tuple[bool, str]]:
    """For each of these posts in the relation, whether it is visible there, and its author."""
    visible: dict[str, tuple[bool, str]] = {}
    ((connection, name),) = snapshot.homes("posts")
    alive = f"deleted_at IS NULL AND {usable_id_sql('id', 'author_id')}"
    query = sa.text(f"SELECT id, {alive}, author_id FROM {name} WHERE id = ANY(:ids)")
    for start in range(0, len(post_ids), _ID_BATCH):
        found = connection.execute(query, {"ids": list(post_ids[start : start + _ID_BATCH])})
        visible.update((row[0], (row[1], row[2])) for row in found)
    return visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Removals:
    """Posts that were removed lately."""

    post_numbers: set[int]


def note_removals(database: Database, candidates: Iterable[str], *, keep_for: timedelta) -> Removals:
    """Find posts that were candidates lately and are gone now: deleted, or they or their authors have left the view.

    Raises:
        SourceError: there are no candidates, and earlier ones left the view without having been deleted.
    """
    known = set(candidates)
    with database.begin() as connection:
        to_check = posts_to_check(connection, known, keep_for=keep_for)
    with database.read() as snapshot:
        gone = buried_in_views(snapshot, "posts", to_check)
        found = _visible(snapshot, [post_id for post_id in to_check if post_id not in gone])
        authors = known_users(snapshot, {author for _, author in found.values() if author is not None})
    visible = {post_id: alive for post_id, (alive, author) in found.items() if author in authors}
    if not known and len(visible) + len(gone) < len(to_check):
        raise SourceError(
            "posts: got 0 rows, expected some as before; nothing is published."
            " Are the views still right: that of posts, and that of users, whose posts alone are shown?"
        )
    with database.begin() as connection:
        mark_removed(connection, [post_id for post_id in to_check if not visible.get(post_id)])
        return Removals(post_numbers=set(removed_post_numbers(connection, keep_for=keep_for)))
