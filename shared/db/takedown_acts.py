"""Acts of the API that take a post or a user down, and bring them back. Repeating one changes nothing.

A hidden post has a row in `takedowns`, and is marked as removed in `post_rows` like a deleted one, so that the same set
in Redis withholds it. A suspended user has a row, and Redis holds the author, so that posts that come later are
withheld, too. Rows may name unknown ids: a post that arrives later is hidden from its first moment on.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.known_users import known_users
from shared.db.post_rows import clear_removal, mark_deleted
from shared.db.safety import visible_author
from shared.db.safety_outbox import SafetyChange, note_change
from shared.db.tables import SCHEMA, posts, takedowns
from shared.db.takedowns import forget_takedown
from shared.db.tombstones import buried, buried_in_views, digest_sql, hold_off_erasures
from shared.db.writes import refuse_erased, wait_for_turn
from shared.errors import SourceError, WriteRefused

WHO = "API key"  # as the audit says it
_DIGITS = 16  # of the digest by which the audit names a post or a user: to somebody who knows the id


def hide_post(database: Database, post_id: str) -> SafetyChange:
    """Hide a post from everybody; returns what Redis must learn.

    Raises:
        WriteRefused: the post was deleted by the API, or its author was erased.
    """
    with database.begin() as connection:
        hold_off_erasures(connection)
        wait_for_turn(connection, post_id)
        _refuse_deleted(connection, post_id)
        _take_down(connection, "posts", post_id, deed="hide post")
        exists = database.has_views or connection.scalar(sa.select(posts.c.id).where(posts.c.id == post_id)) is not None
        return note_change(connection, post_numbers=mark_deleted(connection, post_id, exists=exists))


def show_post(database: Database, post_id: str) -> SafetyChange:
    """Show a hidden post again; returns what Redis must learn (nothing if it was not hidden).

    A post that is no longer in the relation stays withheld, and comes back with the run that finds it there again.

    Raises:
        WriteRefused: the post was deleted by the API, or its author was erased.
    """
    is_visible = _is_visible(database, post_id)
    with database.begin() as connection:
        hold_off_erasures(connection)
        wait_for_turn(connection, post_id)
        _refuse_deleted(connection, post_id)
        if not _bring_back(connection, "posts", post_id, deed="show post") or not is_visible:
            return SafetyChange()
        return note_change(connection, post_numbers=clear_removal(connection, post_id), brings_back=True)


def suspend_user(database: Database, user_id: str) -> SafetyChange:
    """Withhold all posts of a user, and let their events raise nothing; returns what Redis must learn.

    Raises:
        WriteRefused: the user was erased.
    """
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, user_id)
        _take_down(connection, "users", user_id, deed="suspend user")
        return note_change(connection, author_ids=[user_id])


def reinstate_user(database: Database, user_id: str) -> SafetyChange:
    """End a suspension by the API (not one in the team's view); returns what Redis must learn.

    Raises:
        WriteRefused: the user was erased.
    """
    with database.begin() as connection:
        hold_off_erasures(connection)
        refuse_erased(connection, user_id)
        if not _bring_back(connection, "users", user_id, deed="reinstate user"):
            return SafetyChange()
        return note_change(connection, author_ids=[user_id], brings_back=True)


def _is_visible(database: Database, post_id: str) -> bool:
    """Whether the relation has the post for everybody to see; False if the view does not answer."""
    try:
        with database.read() as snapshot:
            if buried_in_views(snapshot, "posts", [post_id]):  # an erased id is not sent to the team's PostgreSQL
                return False
            author = visible_author(snapshot, post_id)
            return author is not None and bool(known_users(snapshot, [author]))
    except SourceError:
        return False


def _refuse_deleted(connection: sa.Connection, post_id: str) -> None:
    if buried(connection, "posts", [post_id]):
        raise WriteRefused("post-deleted", "the post was deleted, and stays so; a new post needs a new id")


def _take_down(connection: sa.Connection, relation: str, name: str, *, deed: str) -> None:
    put = insert(takedowns).values(relation=relation, id=name).on_conflict_do_nothing()
    if connection.execute(put).rowcount == 1:
        _audit(connection, deed, name)


def _bring_back(connection: sa.Connection, relation: str, name: str, *, deed: str) -> bool:
    is_ended = forget_takedown(connection, relation, name)
    if is_ended:
        _audit(connection, deed, name)
    return is_ended


def _audit(connection: sa.Connection, deed: str, name: str) -> None:
    """The audit keeps no ids, which may be erased later: a digest as in the tombstones."""
    query = f"""
        INSERT INTO {SCHEMA}.audit (who, deed, became)
        SELECT :who, :deed, left(encode({digest_sql("id")}, 'hex'), {_DIGITS}) FROM (SELECT CAST(:id AS text) AS id) t
        """
    connection.execute(sa.text(query), {"who": WHO, "deed": deed, "id": name})
