"""Acts that pages must obey at once (blocks, hides, deletes), kept from their own transaction until Redis has them.

A transactional outbox: what was acknowledged is durable here, not in one process's memory, so that whichever timeline
process reaches Redis first brings it there. Applying a change twice is as good as once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import safety_outbox

AT_ONCE = 500  # changes that one call reads: a batch of Redis' scripts


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyChange:
    """Whose withheld posts and authors must be read again, and which posts are withheld from everybody."""

    id: int | None = None  # None: there was nothing to note
    user_ids: Sequence[str] = ()
    post_numbers: Sequence[int] = ()


def note_change(
    connection: sa.Connection, *, user_ids: Collection[str] = (), post_numbers: Collection[int] = ()
) -> SafetyChange:
    """Note what Redis must learn, in the transaction of the act itself."""
    if not user_ids and not post_numbers:
        return SafetyChange()
    users, rows = sorted(user_ids), sorted(post_numbers)
    noted = safety_outbox.insert().values({"user_ids": users, "post_rows": rows}).returning(safety_outbox.c.id)
    return SafetyChange(id=connection.scalar(noted), user_ids=users, post_numbers=rows)


def pending_changes(
    database: Database, *, older_than: timedelta = timedelta(0), at_most: int = AT_ONCE
) -> list[SafetyChange]:
    """The oldest changes that may not be in Redis yet; younger ones may still be on their way there."""
    oldest = sa.select(safety_outbox).order_by(safety_outbox.c.id).limit(at_most)
    if older_than:
        oldest = oldest.where(safety_outbox.c.noted_at < sa.func.now() - older_than)
    with database.begin() as connection:
        found = connection.execute(oldest).mappings()
        return [SafetyChange(id=row["id"], user_ids=row["user_ids"], post_numbers=row["post_rows"]) for row in found]


def settle_changes(database: Database, ids: Collection[int]) -> None:
    """Forget changes that Redis has. Not waited for on the disk: a change that comes back is applied once more."""
    if not ids:
        return
    with database.begin() as connection:
        connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
        connection.execute(safety_outbox.delete().where(safety_outbox.c.id.in_(ids)))


def forget_user_in_changes(connection: sa.Connection, user_id: str) -> None:
    """Take an erased user out of what is still pending."""
    connection.execute(
        safety_outbox.update()
        .where(safety_outbox.c.user_ids.any_() == user_id)
        .values(user_ids=sa.func.array_remove(safety_outbox.c.user_ids, user_id))
    )
