"""What posts say of themselves: captions, and the optional columns `tags`, `language` and `sensitive`, folded."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from shared.db.engine import Database, DatabaseSnapshot
from shared.db.relations import OPTIONAL, usable_optional
from shared.db.tables import SCHEMA
from shared.preferences.rules import PostSays, facts_of, folded_tags

_TYPES = {"tags": "text[]", "language": "text", "sensitive": "boolean"}
_ID_BATCH = 10_000
_TAGS_FOLDED = 50_000  # combinations of tags that are folded once
# Of a caption in a view, which may have any length; room for markup around the text that is compared.
_CAPTION_CHARACTERS = 10_000


def facts_of_numbers(database: Database, post_numbers: Collection[int]) -> dict[int, PostSays]:
    """The facts of the posts with these numbers; a post that is not in its relation is left out."""
    query = sa.text(f"SELECT post_id, row FROM {SCHEMA}.post_rows WHERE row = ANY(:rows)")
    with database.begin() as connection:
        number_of: dict[str, int] = {row[0]: row[1] for row in connection.execute(query, {"rows": [*post_numbers]})}
    with database.read() as snapshot:
        return {number_of[post_id]: facts for post_id, facts in facts_of_posts(snapshot, list(number_of))}


def facts_of_posts(
    snapshot: DatabaseSnapshot, post_ids: Collection[str], *, caption_characters: int = _CAPTION_CHARACTERS
) -> Iterator[tuple[str, PostSays]]:
    """Pairs of id and facts for those of these posts that are in the relation; of the caption only the first part."""
    ((connection, name),) = snapshot.homes("posts")
    usable = snapshot.once(_usable_columns)
    columns = [f"CAST({column} AS {kind})" if column in usable else f"NULL::{kind}" for column, kind in _TYPES.items()]
    query = sa.text(
        f"""
        SELECT CAST(id AS text), left(CAST(caption AS text), {caption_characters:d}), {", ".join(columns)}
        FROM {name} WHERE id = ANY(:ids)
        """
    )
    ids = list(post_ids)
    for start in range(0, len(ids), _ID_BATCH):
        found = connection.execute(query, {"ids": ids[start : start + _ID_BATCH]})
        for post_id, caption, tags, language, sensitive in found:
            yield post_id, facts_of(caption, tags, language, is_sensitive=bool(sensitive))


def tags_since(snapshot: DatabaseSnapshot, since: datetime, *, among: Collection[str]) -> dict[str, frozenset[str]]:
    """The tags, folded, of those of these posts that have any and were created since a time; by post id."""
    if "tags" not in snapshot.once(_usable_columns):
        return {}
    ((connection, name),) = snapshot.homes("posts")
    query = sa.text(
        f"SELECT CAST(id AS text), CAST(tags AS text[]) FROM {name} WHERE created_at >= :since AND tags IS NOT NULL"
    )
    wanted, folds = frozenset(among), lru_cache(_TAGS_FOLDED)(folded_tags)
    found = connection.execute(query, {"since": since})
    tagged = ((post_id, folds(tuple(tags))) for post_id, tags in found if post_id in wanted and _is_flat(tags))
    return {post_id: tags for post_id, tags in tagged if tags}


def _is_flat(tags: Collection[object]) -> bool:
    """Whether they are no array of several dimensions, which cannot be hashed."""
    return not any(isinstance(tag, list) for tag in tags)


def _usable_columns(snapshot: DatabaseSnapshot) -> frozenset[str]:
    """The optional columns of posts that may be read; our own table has all."""
    source = snapshot.database.source
    if source is None:
        return frozenset(OPTIONAL["posts"])
    return frozenset(usable_optional(snapshot.connection(source), source, "posts"))
