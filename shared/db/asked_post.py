"""One post that somebody asks about: whether anyone may see it, and what decides whether this user may."""

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.known_users import shown_authors
from shared.db.post_facts import facts_of_posts
from shared.db.post_rows import known_post_numbers
from shared.db.relations import usable_id_sql
from shared.db.safety import load_hides
from shared.db.takedowns import hidden_posts
from shared.db.tombstones import buried_in_views
from shared.db.viewers_say import load_muted_posts
from shared.domain import CLOCK_TOLERANCE, author_hash
from shared.preferences.rules import PostSays

_EVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPost:
    """A post that anyone may see."""

    post_number: int | None  # None: it has none yet
    author: int  # author hash
    says: PostSays
    is_hidden: bool  # the user hid or muted it


def find_post(database: Database, post_id: str, *, user_id: str | None, now: datetime) -> AskedPost | None:
    """The post, if anyone may see it.

    Reads the same for every id, also for one that does not exist, so that the time tells nothing.

    Args:
        database: ours and the team's.
        post_id: as it came.
        user_id: who asks; None: nobody in particular.
        now: a post dated ahead of it by more than the clock tolerance is not out yet.
    """
    users = [] if user_id is None else [user_id]
    with database.begin() as connection:
        number = known_post_numbers(connection, [post_id]).get(post_id)
    with database.read() as snapshot:
        ((connection, name),) = snapshot.homes("posts")
        query = sa.text(
            f"""
            SELECT id, author_id FROM {name}
            WHERE id = ANY(:ids) AND deleted_at IS NULL AND created_at <= :latest
            AND {usable_id_sql("id", "author_id")}
            """
        )
        found = connection.execute(query, {"ids": [post_id], "latest": now + CLOCK_TOLERANCE}).all()
        gone = buried_in_views(snapshot, "posts", [post_id]) | hidden_posts(snapshot, [post_id])
        authors = [author for found_id, author in found if found_id == post_id and found_id not in gone]
        known = shown_authors(snapshot, set(authors))
        says = dict(facts_of_posts(snapshot, [post_id])).get(post_id, PostSays())
        hidden = load_hides(snapshot, since=_EVER, of=users) | set(load_muted_posts(snapshot, of=users))
    author = next((author for author in authors if author in known), None)
    if author is None:
        return None
    return AskedPost(
        post_number=number, author=author_hash(author), says=says,
        is_hidden=user_id is not None and (user_id, post_id) in hidden,
    )  # fmt: skip
