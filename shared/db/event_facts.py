"""What decides on events, from our PostgreSQL in one statement: each round trip would delay all that wait."""

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from shared.db.array_literals import text_array
from shared.db.tables import SCHEMA
from shared.db.tombstones import digest_sql

_FACTS = f"""
    SELECT TRUE AS is_post, t.id, digest IS NOT NULL AS is_buried, posts.id IS NOT NULL AS is_known,
        deleted_at IS NULL AS is_visible, row
    FROM unnest(CAST(:posts AS text[])) AS t(id)
    LEFT JOIN {SCHEMA}.tombstones ON relation = 'posts' AND digest = {digest_sql("t.id")}
    LEFT JOIN {SCHEMA}.posts ON posts.id = t.id
    LEFT JOIN {SCHEMA}.post_rows ON post_id = t.id
    UNION ALL
    SELECT FALSE, t.id, digest IS NOT NULL, users.id IS NOT NULL, NULL, NULL
    FROM unnest(CAST(:users AS text[])) AS t(id)
    LEFT JOIN {SCHEMA}.tombstones ON relation = 'users' AND digest = {digest_sql("t.id")}
    LEFT JOIN {SCHEMA}.users ON users.id = t.id
    WHERE digest IS NOT NULL OR users.id IS NULL
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """What our PostgreSQL knows of the users and posts of some events."""

    erased_users: set[str] = field(default_factory=set)
    missing_users: set[str] = field(default_factory=set)  # in our own table
    deleted_posts: set[str] = field(default_factory=set)  # with a tombstone
    visible: dict[str, bool] = field(default_factory=dict)  # post in our own table → whether anyone may see it
    post_numbers: dict[str, int] = field(default_factory=dict)  # of those that have one


def facts_of(connection: sa.Connection, users: Collection[str], posts: Collection[str]) -> EventFacts:
    """What is known of these users and posts."""
    facts = EventFacts()
    values = {"users": text_array([*users]), "posts": text_array([*posts])}
    for is_post, name, is_buried, is_known, is_visible, number in connection.execute(sa.text(_FACTS), values):
        if is_buried:
            (facts.deleted_posts if is_post else facts.erased_users).add(name)
        if is_known and is_post:
            facts.visible[name] = is_visible
        elif not is_known and not is_post:
            facts.missing_users.add(name)
        if number is not None:
            facts.post_numbers[name] = number
    return facts
