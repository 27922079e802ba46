"""Acts that pages must obey at once (blocks, hides, deletes, takedowns), stored in the act's transaction until Redis
has them.

This is a transactional outbox: an acknowledged act is durable here and not only in one process's memory, so any
timeline process can apply it to Redis. Applying a change twice does no harm.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import safety_outbox

AT_ONCE = 500  # changes that one call reads: a batch of the scripts in Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyChange:
    """Users whose viewers must be read again, and posts and authors that everybody is shown no longer, or again.

    Whether a post or an author is withheld is read when the change is written, so that the order of the writes of two
    acts on one post does not matter.
    """

    id: int | None = None  # None: there was nothing to record
    user_ids: Sequence[str] = ()
    post_numbers: Sequence[int] = ()
    author_ids: Sequence[str] = ()
    brings_back: bool = False  # not stored: the act that made it ends a takedown


def note_change(
    connection: sa.Connection,
    *,
    user_ids: Collection[str] = (),
    post_numbers: Collection[int] = (),
    author_ids: Collection[str] = (),
    brings_back: bool = False,
) -> SafetyChange:
    """Record what Redis must learn, in the transaction of the act."""
    if not user_ids and not post_numbers and not author_ids:
        return SafetyChange()
    users, posts, authors = sorted(user_ids), sorted(post_numbers), sorted(author_ids)
    values = {"user_ids": users, "post_rows": posts, "author_ids": authors}
    change_id = connection.scalar(safety_outbox.insert().values(values).returning(safety_outbox.c.id))
    return SafetyChange(id=change_id, user_ids=users, post_numbers=posts, author_ids=authors, brings_back=brings_back)


def pending_changes(
    database: Database, *, older_than: timedelta = timedelta(0), at_most: int = AT_ONCE
) -> list[SafetyChange]:
    """The oldest changes that may not be in Redis yet; newer ones may still be under way."""
    oldest = sa.select(safety_outbox).order_by(safety_outbox.c.id).limit(at_most)
    if older_than:
        oldest = oldest.where(safety_outbox.c.noted_at < sa.func.now() - older_than)
    with database.begin() as connection:
        changes = connection.execute(oldest).mappings()
        return [
            SafetyChange(
                id=row["id"], user_ids=row["user_ids"], post_numbers=row["post_rows"], author_ids=row["author_ids"]
            )
            for row in changes
        ]


def settle_changes(database: Database, ids: Collection[int]) -> None:
    """Delete changes that Redis has. Does not wait for the disk: a change that comes back is applied once more."""
    if not ids:
        return
    with database.begin() as connection:
        connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
        connection.execute(safety_outbox.delete().where(safety_outbox.c.id.in_(ids)))


def forget_user_in_changes(connection: sa.Connection, user_id: str) -> None:
    """Remove an erased user from pending changes."""
    for column in (safety_outbox.c.user_ids, safety_outbox.c.author_ids):
        named = safety_outbox.update().where(column.any_() == user_id)
        connection.execute(named.values({column.name: sa.func.array_remove(column, user_id)}))
