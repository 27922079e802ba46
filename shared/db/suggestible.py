"""Small reads for suggestions of authors: who may be suggested to a user now, and whose some posts are."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.known_users import shown_authors
from shared.db.relations import optional_homes, usable_id_sql
from shared.db.tables import SCHEMA
from shared.db.takedowns import hidden_posts
from shared.db.tombstones import buried, buried_in_views
from shared.domain import CLOCK_TOLERANCE


def may_be_suggested(database: Database, user_id: str, author_ids: Collection[str]) -> set[str]:
    """Those of these authors who count, and whom a user does not follow, nor they mute the user.

    Blocks, and whom the user mutes, are in the viewer (`shared.db.newest.viewer_of`).
    """
    with database.read() as snapshot:
        names = shown_authors(snapshot, author_ids) - buried_in_views(snapshot, "users", author_ids)
        names -= buried(snapshot.connection(snapshot.database.own), "users", list(author_ids))
        values = {"user": user_id, "authors": sorted(names)}
        for connection, name, _ in optional_homes(snapshot, "follows"):
            query = f"SELECT CAST(author_id AS text) FROM {name} WHERE user_id = :user AND author_id = ANY(:authors)"
            names -= set(connection.scalars(sa.text(query), values))
        for connection, name, columns in optional_homes(snapshot, "mutes"):
            lasts = "AND (expires_at IS NULL OR expires_at > now())" if "expires_at" in columns else ""
            query = f"""
                SELECT CAST(user_id AS text) FROM {name}
                WHERE user_id = ANY(:authors) AND muted_user_id = :user {lasts}
                """
            names -= set(connection.scalars(sa.text(query), values))
    return names


def authors_of_numbers(database: Database, post_numbers: Collection[int]) -> Mapping[int, str]:
    """The authors of the posts with these numbers that anyone may see now."""
    query = sa.text(f"SELECT post_id, row FROM {SCHEMA}.post_rows WHERE row = ANY(:rows)")
    with database.begin() as connection:
        number_of: dict[str, int] = {row[0]: row[1] for row in connection.execute(query, {"rows": [*post_numbers]})}
    with database.read() as snapshot:
        ids = number_of.keys() - buried_in_views(snapshot, "posts", number_of) - hidden_posts(snapshot, number_of)
        ((connection, name),) = snapshot.homes("posts")
        query = sa.text(
            f"""
            SELECT id, author_id FROM {name}
            WHERE id = ANY(:ids) AND deleted_at IS NULL AND created_at <= now() + :ahead
              AND {usable_id_sql("id", "author_id")}
            """
        )
        found = connection.execute(query, {"ids": sorted(ids), "ahead": CLOCK_TOLERANCE}).all()
        known = shown_authors(snapshot, {author for _, author in found})
    return {number_of[post_id]: author for post_id, author in found if author in known}
