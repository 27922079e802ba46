"""Hashes of ids, and sets of them: who counts, is erased, suspended or hidden, for loads of columns.

PostgreSQL computes the 64-bit hashes (`hashtextextended` under the collation "C"), the same for our tables and for
views in another database. The hash function itself is checked.
"""

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from shared.db.binary_copy import copy_binary, joined
from shared.db.buried_ids import buried_posts_in_view, buried_users_in_view
from shared.db.engine import DatabaseSnapshot
from shared.db.key_set import IdHashSet
from shared.db.relations import id_hash_sql, usable_id_sql
from shared.db.tables import SCHEMA
from shared.db.takedowns import view_of_suspended
from shared.errors import SourceError
from shared.event_columns import Int64s

_PROBE, _PROBE_HASH = "warmline", -8975063746265413875


def check_hash(connection: sa.Connection) -> None:
    """PostgreSQL does not guarantee that its hash function never changes; fail rather than mix up users."""
    got = connection.scalar(sa.text(f"SELECT {id_hash_sql(':probe')}"), {"probe": _PROBE})
    if got != _PROBE_HASH:
        version = connection.scalar(sa.text("SHOW server_version"))
        raise SourceError(f"hashtextextended: got {got}, expected {_PROBE_HASH}; PostgreSQL {version} is not supported")


def load_id_hashes(snapshot: DatabaseSnapshot, user_ids: Sequence[str]) -> Int64s:
    """The hashes of these ids, in their order."""
    connection = snapshot.connection(snapshot.database.own)
    found = connection.execute(
        sa.text(f"SELECT {id_hash_sql('id')} FROM unnest(CAST(:ids AS text[])) WITH ORDINALITY AS t(id, n) ORDER BY n"),
        {"ids": list(user_ids)},
    )
    return np.array([id_hash for (id_hash,) in found], np.int64)


def known_user_id_hashes(snapshot: DatabaseSnapshot) -> IdHashSet | None:
    """The id hashes of all users in the view of users who were not erased. None if the relations are our own tables:
    then all users count. Call it by `snapshot.once`.

    Hashes, since events from the API may be in another database than the view, and since looking up a hash is faster
    than any join of texts.
    """
    if not snapshot.database.has_views:
        return None
    ((connection, name),) = snapshot.homes("users")
    check_hash(connection)
    found = copy_binary(
        connection, f"SELECT {id_hash_sql('id')} FROM {name} WHERE {usable_id_sql('id')}", {"user": ">i8"}
    )
    hashes, gone = found["user"], snapshot.once(buried_user_id_hashes)
    return IdHashSet.of(hashes[~IdHashSet.of(gone).contains(hashes)] if len(gone) else hashes)


def suspended_user_id_hashes(snapshot: DatabaseSnapshot) -> IdHashSet:
    """The id hashes of the users whom the API or the view of users suspended. Call it by `snapshot.once`."""
    return IdHashSet.of(snapshot.once(_suspended_hashes))


def _suspended_hashes(snapshot: DatabaseSnapshot) -> Int64s:
    places = [(snapshot.connection(snapshot.database.own), f"{SCHEMA}.takedowns WHERE relation = 'users'")]
    if (view := view_of_suspended(snapshot)) is not None and snapshot.database.source is not None:
        source = snapshot.connection(snapshot.database.source)
        places.append((source, f"{view} WHERE suspended AND {usable_id_sql('id')}"))
    parts = [
        copy_binary(connection, f"SELECT {id_hash_sql('id')} FROM {rows}", {"user": ">i8"})["user"]
        for connection, rows in places
    ]
    return joined(parts)


def silent_user_id_hashes(snapshot: DatabaseSnapshot) -> IdHashSet:
    """The id hashes of users whose events raise nothing and train nothing: suspended, or not personalised.

    Call it by `snapshot.once`.
    """
    connection = snapshot.connection(snapshot.database.own)
    query = f"SELECT {id_hash_sql('user_id')} FROM {SCHEMA}.viewer_settings WHERE NOT personalised"
    silent = copy_binary(connection, query, {"user": ">i8"})["user"]
    return IdHashSet.of(joined([snapshot.once(_suspended_hashes), silent]))


def hidden_post_id_hashes(snapshot: DatabaseSnapshot) -> dict[int, float]:
    """Hashes of the posts that the API hid, and since when. Call it by `snapshot.once`."""
    query = f"""
        SELECT {id_hash_sql("id")}, extract(epoch FROM created_at)::float8 FROM {SCHEMA}.takedowns
        WHERE relation = 'posts'
        """
    found = copy_binary(snapshot.connection(snapshot.database.own), query, {"post": ">i8", "at": ">f8"})
    return dict(zip(found["post"].tolist(), found["at"].tolist(), strict=True))


def buried_user_id_hashes(snapshot: DatabaseSnapshot) -> Int64s:
    """The id hashes of erased users who are still in the view of users. Call it by `snapshot.once`."""
    return load_id_hashes(snapshot, list(snapshot.once(buried_users_in_view)))


def buried_post_id_hashes(snapshot: DatabaseSnapshot) -> dict[int, float]:
    """Hashes of posts with a tombstone that are still in the view, and since when. Call it by `snapshot.once`."""
    gone = snapshot.once(buried_posts_in_view)
    return dict(zip(load_id_hashes(snapshot, list(gone)).tolist(), gone.values(), strict=True))
