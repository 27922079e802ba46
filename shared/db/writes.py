"""Small writes of the API to users, posts and blocks. Durable when they return; repeating one changes nothing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.known_users import add_missing_users
from shared.db.post_rows import mark_deleted
from shared.db.safety_outbox import SafetyChange, note_change
from shared.db.say_bounds import note_said
from shared.db.tables import blocks, posts, users
from shared.db.takedowns import forget_takedown
from shared.db.tombstones import buried, bury, hold_off_erasures
from shared.errors import WriteRefused

_POST_LOCK = 1  # seed of a lock: acts on the same post wait for each other


@dataclass(frozen=True, slots=True, kw_only=True)
class PostWrite:
    """A post from the app's backend. Without a time it counts as created when it was first written."""

    post_id: str
    author_id: str
    caption: str
    image_url: str | None
    created_at: datetime | None
    tags: Sequence[str] | None = None
    language: str | None = None  # a BCP 47 tag
    sensitive: bool | None = None
    image_urls: Sequence[str] | None = None  # further photos


def put_user(database: Database, user_id: str, *, created_at: datetime | None) -> None:
    """Write a user; without a time they count as joined when they were first written.

    Raises:
        WriteRefused: the relation is a view, or the user was erased.
    """
    _refuse_views(database, "users")
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, user_id)
        put = insert(users).values(_given(id=user_id, created_at=created_at))
        if created_at is None:
            connection.execute(put.on_conflict_do_nothing())
        else:
            connection.execute(put.on_conflict_do_update(index_elements=["id"], set_={"created_at": created_at}))


def put_post(database: Database, post: PostWrite) -> None:
    """Write a post, and add its author if missing.

    Raises:
        WriteRefused: the relation is a view, the post was deleted or is another author's, or its author was erased.
    """
    _refuse_views(database, "posts")
    with database.begin() as connection:
        hold_off_erasures(connection)
        wait_for_turn(connection, post.post_id)
        refuse_erased(connection, post.author_id)
        if buried(connection, "posts", [post.post_id]):
            raise WriteRefused("post-deleted", "the post was deleted; a new post needs a new id")
        add_missing_users(connection, {post.author_id: post.created_at})
        fields = asdict(post)
        named = {"id": fields.pop("post_id"), "author_id": fields.pop("author_id")}
        born = _given(created_at=fields.pop("created_at"))
        values = named | born | fields
        put = insert(posts).values(values)
        changes = fields | born
        # Lists and catalogues keep the author they were given.
        same_author = posts.c.author_id == put.excluded.author_id
        is_visible = posts.c.deleted_at.is_(None)
        upsert = put.on_conflict_do_update(index_elements=["id"], set_=changes, where=same_author & is_visible)
        if connection.execute(upsert).rowcount == 0:
            raise WriteRefused("post-is-fixed", "the post is another author's, or was deleted; a post needs its own id")


def delete_post(database: Database, post_id: str) -> SafetyChange:
    """Delete a post for everyone; returns what Redis must learn (nothing if no list can contain the post).

    In our own table it is marked as deleted; a view cannot be changed, so a tombstone hides the post.
    """
    with database.begin() as connection:
        wait_for_turn(connection, post_id)
        exists = database.has_views
        if not database.has_views:
            gone = posts.update().where(posts.c.id == post_id)
            exists = (
                connection.execute(gone.values(deleted_at=sa.func.coalesce(posts.c.deleted_at, sa.func.now()))).rowcount
                == 1
            )
        bury(connection, "posts", [post_id])
        forget_takedown(connection, "posts", post_id)  # the deletion is for good
        return note_change(connection, post_numbers=mark_deleted(connection, post_id, exists=exists))


def put_block(database: Database, user_id: str, blocked_user_id: str) -> SafetyChange:
    """Let one user block another; returns what Redis must learn. An existing block stays as it is.

    Raises:
        WriteRefused: one of them was erased.
    """
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, user_id, blocked_user_id)
        block = insert(blocks).values(user_id=user_id, blocked_user_id=blocked_user_id)
        connection.execute(block.on_conflict_do_nothing())
        both = {user_id, blocked_user_id}
        note_said(connection, both)
        return note_change(connection, user_ids=both)


def drop_block(database: Database, user_id: str, blocked_user_id: str) -> SafetyChange:
    """Remove a block from our table (not from the team's view); returns what Redis must learn."""
    with database.begin() as connection:
        hold_off_erasures(connection)
        named = (blocks.c.user_id == user_id) & (blocks.c.blocked_user_id == blocked_user_id)
        connection.execute(blocks.delete().where(named))
        both = {user_id, blocked_user_id}
        both -= buried(connection, "users", sorted(both))
        note_said(connection, both)
        return note_change(connection, user_ids=both)


def _refuse_views(database: Database, relation: str) -> None:
    if database.has_views:
        detail = f"{relation} is a view over your own table, which Warmline only reads; write there"
        raise WriteRefused("relation-is-a-view", detail)


def refuse_erased(connection: sa.Connection, *user_ids: str) -> None:
    """Refuse an act on users one of whom was erased."""
    if buried(connection, "users", user_ids):
        raise WriteRefused("user-erased", "the user was erased and stays so; a new user needs a new id")


def wait_for_turn(connection: sa.Connection, post_id: str) -> None:
    """Wait for other acts on this post; they wait until the transaction ends."""
    query = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:id, :seed))")
    connection.execute(query, {"id": post_id, "seed": _POST_LOCK})


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
