"""Row numbers of posts: given once and for ever, so that a list can hold 28 bits instead of an id."""

import io
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import Snapshot
from shared.db.tables import SCHEMA
from shared.db.tombstones import hold_off_erasures

_KEEP_MARGIN = timedelta(days=1)  # last_candidate_on is a date
_NOW_REMOVED = "removed_at = now(), removed_xid = pg_current_xact_id()::text::bigint"
# A post that was read as alive has come back only if the reader's snapshot had seen it removed; else it was removed
# since. Transaction numbers begin anew in a restored database: after a day any reader has seen a removal.
_HAS_COME_BACK = """
    r.removed_at IS NOT NULL AND (
        r.removed_xid IS NULL OR r.removed_at < now() - interval '1 day'
        OR pg_visible_in_snapshot(r.removed_xid::text::xid8, CAST(:as_of AS pg_snapshot))
    )
    """


def transaction_snapshot(snapshot: Snapshot) -> str:
    """The moment of a snapshot in our own PostgreSQL, for `assign_post_numbers`. Take it before the posts are read."""
    return str(snapshot.connection(snapshot.database.own).scalar(sa.text("SELECT pg_current_snapshot()::text")))


def assign_post_numbers(connection: sa.Connection, post_ids: Sequence[str], *, as_of: str) -> list[int]:
    """The row of each of these posts, in their order; unknown ones get theirs now. All count as candidates today.

    Args:
        connection: a transaction in our own PostgreSQL.
        post_ids: posts that were read as alive.
        as_of: the moment of that reading (`transaction_snapshot`); what was removed after it stays removed.
    """
    hold_off_erasures(connection)  # one beside us would rename rows that we are about to read
    _fill_wanted(connection, post_ids)
    # NOT EXISTS before ON CONFLICT: a conflict would use up a number each time, and 28 bits would be gone in weeks.
    connection.execute(
        sa.text(
            f"""
            INSERT INTO {SCHEMA}.post_rows (post_id)
            SELECT w.post_id FROM wanted_posts w
            WHERE NOT EXISTS (SELECT FROM {SCHEMA}.post_rows r WHERE r.post_id = w.post_id)
            ORDER BY w.place ON CONFLICT DO NOTHING
            """
        )
    )
    connection.execute(
        sa.text(
            f"""
            UPDATE {SCHEMA}.post_rows r SET last_candidate_on = current_date,
                removed_at = CASE WHEN {_HAS_COME_BACK} THEN NULL ELSE r.removed_at END,
                removed_xid = CASE WHEN {_HAS_COME_BACK} THEN NULL ELSE r.removed_xid END
            FROM wanted_posts w
            WHERE r.post_id = w.post_id AND (r.last_candidate_on < current_date OR {_HAS_COME_BACK})
            """
        ),
        {"as_of": as_of},
    )
    found = connection.execute(
        sa.text(f"SELECT r.row FROM wanted_posts w JOIN {SCHEMA}.post_rows r USING (post_id) ORDER BY w.place")
    )
    rows = [row for (row,) in found]
    connection.execute(sa.text("DROP TABLE wanted_posts"))
    return rows


def known_post_numbers(connection: sa.Connection, post_ids: Sequence[str]) -> dict[str, int]:
    """The rows of those of these posts that have one."""
    found = connection.execute(
        sa.text(f"SELECT post_id, row FROM {SCHEMA}.post_rows WHERE post_id = ANY(:ids)"),
        {"ids": list(post_ids)},
    )
    return {row[0]: row[1] for row in found}


def posts_to_check(connection: sa.Connection, candidates: set[str], *, keep_for: timedelta) -> list[str]:
    """Ids of posts that a living list may still hold although they are no candidates now: aged, or deleted."""
    recent = connection.execute(
        sa.text(
            f"""
            SELECT post_id FROM {SCHEMA}.post_rows
            WHERE last_candidate_on >= current_date - :keep AND removed_at IS NULL
            """
        ),
        {"keep": (keep_for + _KEEP_MARGIN).days},
    )
    return [post_id for (post_id,) in recent if post_id not in candidates]


def mark_removed(connection: sa.Connection, post_ids: Sequence[str], *, is_act: bool = False) -> list[int]:
    """Note that these posts are gone; gives the rows of those for which that is new.

    An act is always new: who had seen an earlier removal, and the post come back, must not take this one for that one.
    """
    unless_known = "" if is_act else "AND removed_at IS NULL"
    gone = connection.execute(
        sa.text(
            f"""
            UPDATE {SCHEMA}.post_rows SET {_NOW_REMOVED}
            WHERE post_id = ANY(:ids) {unless_known} RETURNING row
            """
        ),
        {"ids": list(post_ids)},
    )
    return [row for (row,) in gone]


def mark_deleted(connection: sa.Connection, post_id: str, *, exists: bool) -> list[int]:
    """Note that a post is gone; gives its row.

    One that exists and has no row gets one: a run under way may be about to rank it.
    """
    known = mark_removed(connection, [post_id], is_act=True)
    if known or not exists:
        return known
    put = f"""
        INSERT INTO {SCHEMA}.post_rows (post_id, removed_at, removed_xid)
        VALUES (:id, now(), pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING RETURNING row
        """
    fresh = connection.scalar(sa.text(put), {"id": post_id})
    return [fresh] if fresh is not None else mark_removed(connection, [post_id], is_act=True)


def forget_posts(connection: sa.Connection, post_ids: Sequence[str]) -> list[int]:
    """Forget which posts these rows were; the rows stay withheld. Gives them."""
    # No id has a control character, so the new name is no post's.
    gone = connection.execute(
        sa.text(
            f"""
            UPDATE {SCHEMA}.post_rows SET post_id = chr(1) || row::text, removed_at = coalesce(removed_at, now())
            WHERE post_id = ANY(:ids) RETURNING row
            """
        ),
        {"ids": list(post_ids)},
    )
    return [row for (row,) in gone]


def removed_post_numbers(connection: sa.Connection, *, keep_for: timedelta) -> list[int]:
    """Rows of the posts that went away so lately that some list or chain may still hold them."""
    lately = connection.execute(
        sa.text(f"SELECT row FROM {SCHEMA}.post_rows WHERE removed_at >= now() - :keep"),
        {"keep": keep_for + _KEEP_MARGIN},
    )
    return [row for (row,) in lately]


def _fill_wanted(connection: sa.Connection, post_ids: Sequence[str]) -> None:
    connection.execute(sa.text("CREATE TEMPORARY TABLE wanted_posts (place int, post_id text) ON COMMIT DROP"))
    lines = "".join(f"{place}\t{_escaped(post_id)}\n" for place, post_id in enumerate(post_ids))
    cursor = connection.connection.cursor()
    cursor.copy_expert("COPY wanted_posts FROM STDIN", io.StringIO(lines))
    cursor.close()


def _escaped(text: str) -> str:
    """A value in COPY's text format."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
