"""Small writes that the API makes: deletes of posts, blocks. Durable when they return."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.post_rows import mark_removed
from shared.db.tables import blocks, posts, tombstones


def delete_post(database: Database, post_id: str) -> list[int]:
    """Delete a post for everyone, and give its row (none when no list can hold it).

    In our own table it is marked; what a view shows is not ours to change, so a tombstone hides it from us.
    """
    with database.begin() as connection:
        if not database.has_views:
            gone = posts.update().where(posts.c.id == post_id, posts.c.deleted_at.is_(None))
            connection.execute(gone.values(deleted_at=sa.func.now()))
        bury = insert(tombstones).values(relation="posts", id=post_id).on_conflict_do_nothing()
        connection.execute(bury)
        return mark_removed(connection, [post_id])


def put_block(database: Database, user_id: str, blocked_user_id: str) -> None:
    """Have one user block another; a block that stands already stays as it is."""
    with database.begin() as connection:
        block = insert(blocks).values(user_id=user_id, blocked_user_id=blocked_user_id)
        connection.execute(block.on_conflict_do_nothing())


def drop_block(database: Database, user_id: str, blocked_user_id: str) -> None:
    """Take back a block that stands in our table (one in the team's view is theirs to take back)."""
    with database.begin() as connection:
        named = (blocks.c.user_id == user_id) & (blocks.c.blocked_user_id == blocked_user_id)
        connection.execute(blocks.delete().where(named))
