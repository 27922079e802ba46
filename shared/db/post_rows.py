"""Numbers of posts, assigned once and for ever, so that a list holds 28 bits instead of an id. In SQL their column is
called `row`."""

import io
from collections.abc import Collection, Sequence
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import DatabaseSnapshot
from shared.db.tables import SCHEMA
from shared.db.tombstones import hold_off_erasures

_KEEP_MARGIN = timedelta(days=1)  # last_candidate_on is a date
_NOW_REMOVED = "removed_at = now(), removed_xid = pg_current_xact_id()::text::bigint"
# A post that was read as visible has come back only if the reader's snapshot includes its removal; else it was removed
# later. Transaction numbers start again in a restored database, so after a day a removal counts as seen by any reader.
_HAS_COME_BACK = """
    r.removed_at IS NOT NULL AND (
        r.removed_xid IS NULL OR r.removed_at < now() - interval '1 day'
        OR pg_visible_in_snapshot(r.removed_xid::text::xid8, CAST(:as_of AS pg_snapshot))
    )
    """


def transaction_snapshot(snapshot: DatabaseSnapshot) -> str:
    """Our own PostgreSQL's snapshot as text, for `assign_post_numbers`. Take it before the posts are read."""
    return str(snapshot.connection(snapshot.database.own).scalar(sa.text("SELECT pg_current_snapshot()::text")))


def assign_post_numbers(connection: sa.Connection, post_ids: Sequence[str], *, as_of: str) -> list[int]:
    """The numbers of these posts, in their order; new posts get theirs now. All count as candidates today.

    Args:
        connection: a transaction in our own PostgreSQL.
        post_ids: posts that were read as visible.
        as_of: of that reading (`transaction_snapshot`); what was removed after it stays removed.
    """
    hold_off_erasures(connection)  # a concurrent one would rename rows that are read here
    _fill_wanted(connection, post_ids)
    # NOT EXISTS, since each conflict would use up a number, and 28 bits would be exhausted in weeks.
    connection.execute(
        sa.text(
            f"""
            INSERT INTO {SCHEMA}.post_rows (post_id)
            SELECT w.post_id FROM wanted_posts w
            WHERE NOT EXISTS (SELECT FROM {SCHEMA}.post_rows r WHERE r.post_id = w.post_id)
            ORDER BY w.index ON CONFLICT DO NOTHING
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
        sa.text(f"SELECT r.row FROM wanted_posts w JOIN {SCHEMA}.post_rows r USING (post_id) ORDER BY w.index")
    )
    numbers = [number for (number,) in found]
    connection.execute(sa.text("DROP TABLE wanted_posts"))
    return numbers


def known_post_numbers(connection: sa.Connection, post_ids: Sequence[str]) -> dict[str, int]:
    """Post → number, for those of these posts that have one."""
    found = connection.execute(
        sa.text(f"SELECT post_id, row FROM {SCHEMA}.post_rows WHERE post_id = ANY(:ids)"),
        {"ids": list(post_ids)},
    )
    return {row[0]: row[1] for row in found}


def posts_to_check(connection: sa.Connection, candidates: set[str], *, keep_for: timedelta) -> list[str]:
    """Posts that a list in Redis may still contain although they are no longer candidates: too old, or deleted."""
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
    """Mark posts as removed; returns the numbers of those that were not marked before.

    An act always marks anew: a reader that has seen an earlier removal, and the post come back, must not mistake this
    removal for the earlier one.
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
    return [number for (number,) in gone]


def clear_removal(connection: sa.Connection, post_id: str) -> list[int]:
    """Mark a post as not removed; returns its number, if it has one. A post that is gone is marked by the next run."""
    back = f"UPDATE {SCHEMA}.post_rows SET removed_at = NULL, removed_xid = NULL WHERE post_id = :id RETURNING row"
    return list(connection.scalars(sa.text(back), {"id": post_id}))


def withheld_numbers(connection: sa.Connection, post_numbers: Collection[int]) -> set[int]:
    """Those of these numbers whose posts are marked as removed; also numbers that no post has."""
    shown = sa.text(f"SELECT row FROM {SCHEMA}.post_rows WHERE row = ANY(:rows) AND removed_at IS NULL")
    return {*post_numbers} - set(connection.scalars(shown, {"rows": list(post_numbers)}))


def mark_deleted(connection: sa.Connection, post_id: str, *, exists: bool) -> list[int]:
    """Mark a post as removed; returns its number.

    An existing post without a number gets one, since a run under way may be about to rank it.
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
    """Forget the ids of these posts; their numbers stay withheld. Returns the numbers."""
    # Ids contain no control characters, so the new name is not the id of any post.
    gone = connection.execute(
        sa.text(
            f"""
            UPDATE {SCHEMA}.post_rows SET post_id = chr(1) || row::text, removed_at = coalesce(removed_at, now())
            WHERE post_id = ANY(:ids) RETURNING row
            """
        ),
        {"ids": list(post_ids)},
    )
    return [number for (number,) in gone]


def removed_post_numbers(connection: sa.Connection, *, keep_for: timedelta) -> list[int]:
    """Numbers of posts that were removed so lately that a list or chain may still contain them."""
    lately = connection.execute(
        sa.text(f"SELECT row FROM {SCHEMA}.post_rows WHERE removed_at >= now() - :keep"),
        {"keep": keep_for + _KEEP_MARGIN},
    )
    return [number for (number,) in lately]


def _fill_wanted(connection: sa.Connection, post_ids: Sequence[str]) -> None:
    connection.execute(sa.text("CREATE TEMPORARY TABLE wanted_posts (index int, post_id text) ON COMMIT DROP"))
    lines = "".join(f"{index}\t{_escaped(post_id)}\n" for index, post_id in enumerate(post_ids))
    cursor = connection.connection.cursor()
    cursor.copy_expert("COPY wanted_posts FROM STDIN", io.StringIO(lines))
    cursor.close()


def _escaped(text: str) -> str:
    """A value in COPY's text format."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
