"""Posts that somebody names by id: those of them that anyone may see. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.known_users import shown_authors
from shared.db.post_rows import known_post_numbers
from shared.db.relations import id_hash_sql, usable_id_sql
from shared.db.takedowns import hidden_posts
from shared.db.tombstones import buried_in_views
from shared.domain import CLOCK_TOLERANCE, author_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class EligiblePost:
    """A post that anyone may see."""

    post_id: str
    id_hash: int
    author: int  # author hash
    post_number: int | None  # None: it never was a candidate


def eligible_posts(database: Database, post_ids: Collection[str], *, now: datetime) -> dict[str, EligiblePost]:
    """Those of these posts that anyone may see, by id.

    Left out are posts that are deleted, hidden, dated ahead, not in the relation, or by somebody who does not count.
    """
    if not post_ids:
        return {}
    with database.read() as snapshot:
        ((connection, name),) = snapshot.homes("posts")
        query = sa.text(
            f"""
            SELECT id, author_id, {id_hash_sql("id")} FROM {name}
            WHERE id = ANY(:ids) AND deleted_at IS NULL AND created_at <= :latest AND {usable_id_sql("id", "author_id")}
            """
        )
        found = connection.execute(query, {"ids": [*post_ids], "latest": now + CLOCK_TOLERANCE}).all()
        ids = [post_id for post_id, _, _ in found]
        gone = buried_in_views(snapshot, "posts", ids) | hidden_posts(snapshot, ids)
        known = shown_authors(snapshot, {author for _, author, _ in found})
        numbers = known_post_numbers(snapshot.connection(database.own), ids)
    return {
        post_id: EligiblePost(
            post_id=post_id, id_hash=id_hash, author=author_hash(author), post_number=numbers.get(post_id)
        )
        for post_id, author, id_hash in found
        if post_id in post_ids and post_id not in gone and author in known
    }
