"""Writes checked rows of the relations into our own tables, batch by batch; doing it twice changes nothing.

A batch is one transaction: COPY into a temporary table, drop erased rows, then INSERT … ON CONFLICT. So after a crash
only whole batches are in, and the same import can simply be started again.
"""

import io
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.relations import CONTRACT, OPTIONAL, OPTIONAL_RELATIONS
from shared.db.repeats import ON_REPEAT
from shared.db.say_bounds import note_said
from shared.db.tables import SCHEMA
from shared.db.tombstones import digest_sql, hold_off_erasures

BATCH_ROWS = 25_000  # some 3 MB of text; larger ones are no faster

Row = tuple[str | None, ...]

# relation → columns of a row, all as text, times in ISO 8601 in UTC: those of the contract, the app's event id, when an
# event happened first, whether a user is suspended, "true" or "false"; and what is optional in views
COLUMNS = {relation: tuple(columns) for relation, columns in (CONTRACT | OPTIONAL_RELATIONS).items()}
COLUMNS["interactions"] += ("event_id", "first_at")
COLUMNS["users"] += ("suspended",)
COLUMNS["posts"] += tuple(OPTIONAL["posts"])
_TIMES = ("created_at", "deleted_at", "first_at", "expires_at")
# What is written of the texts that a row has.
_WRITTEN = {
    "caption": "coalesce(caption, '')",
    "tags": "CASE WHEN tags IS NOT NULL THEN ARRAY(SELECT json_array_elements_text(CAST(tags AS json))) END",
    "sensitive": "CAST(sensitive AS boolean)",
    "image_urls": "CASE WHEN image_urls IS NOT NULL"
    " THEN ARRAY(SELECT json_array_elements_text(CAST(image_urls AS json))) END",
}

# relation → column → the relation whose tombstones exclude a row
_ERASED_BY = {
    "users": {"id": "users"},
    "posts": {"id": "posts", "author_id": "users"},
    "interactions": {"user_id": "users", "post_id": "posts"},
    "blocks": {"user_id": "users", "blocked_user_id": "users"},
    "mutes": {"user_id": "users", "muted_user_id": "users"},
    "follows": {"user_id": "users", "author_id": "users"},
}

# DISTINCT ON, because one statement may change a row only once: of rows with the same key in a batch, the last one in
# the file wins (of events, the first and the last time stay). The collation "C" sorts by bytes, so two concurrent
# imports use the same order.
_MERGES = {
    "users": (
        f"""
        INSERT INTO {SCHEMA}.users AS kept (id, created_at)
        SELECT DISTINCT ON (id COLLATE "C") id, created_at FROM incoming ORDER BY id COLLATE "C", index DESC
        ON CONFLICT (id) DO UPDATE SET created_at = EXCLUDED.created_at
        WHERE kept.created_at <> EXCLUDED.created_at
        """,
    ),
    "posts": (
        f"""
        INSERT INTO {SCHEMA}.posts AS kept ({{columns}})
        SELECT DISTINCT ON (id COLLATE "C") {{values}} FROM incoming ORDER BY id COLLATE "C", index DESC
        ON CONFLICT (id) DO UPDATE SET ({{given}}) = ROW ({{new}})
        WHERE ({{old}}) IS DISTINCT FROM ({{new}})
        """,
    ),
    "interactions": (
        f"""
        INSERT INTO {SCHEMA}.interactions AS kept (user_id, post_id, kind, created_at, first_at)
        SELECT user_id COLLATE "C", post_id COLLATE "C", kind COLLATE "C", max(created_at),
            nullif(min(least(first_at, created_at)), max(created_at))
        FROM incoming WHERE event_id IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        {ON_REPEAT}
        """,
        f"""
        INSERT INTO {SCHEMA}.interactions (user_id, post_id, kind, created_at, event_id, first_at)
        SELECT DISTINCT ON (event_id COLLATE "C") user_id, post_id, kind, created_at, event_id,
            nullif(least(first_at, created_at), created_at)
        FROM incoming WHERE event_id IS NOT NULL ORDER BY event_id COLLATE "C", index
        ON CONFLICT (event_id) WHERE event_id IS NOT NULL DO NOTHING
        """,
    ),
    "blocks": (
        f"""
        INSERT INTO {SCHEMA}.blocks (user_id, blocked_user_id, created_at)
        SELECT DISTINCT ON (user_id COLLATE "C", blocked_user_id COLLATE "C") user_id, blocked_user_id, created_at
        FROM incoming ORDER BY user_id COLLATE "C", blocked_user_id COLLATE "C", index
        ON CONFLICT (user_id, blocked_user_id) DO NOTHING
        """,
    ),
    "mutes": (
        f"""
        INSERT INTO {SCHEMA}.mutes AS kept (user_id, muted_user_id, created_at, expires_at)
        SELECT DISTINCT ON (user_id COLLATE "C", muted_user_id COLLATE "C")
            user_id, muted_user_id, created_at, expires_at
        FROM incoming ORDER BY user_id COLLATE "C", muted_user_id COLLATE "C", index DESC
        ON CONFLICT (user_id, muted_user_id) DO UPDATE SET expires_at = EXCLUDED.expires_at
        WHERE kept.expires_at IS DISTINCT FROM EXCLUDED.expires_at
        """,
    ),
    "follows": (
        f"""
        INSERT INTO {SCHEMA}.follows (user_id, author_id, created_at)
        SELECT DISTINCT ON (user_id COLLATE "C", author_id COLLATE "C") user_id, author_id, created_at
        FROM incoming ORDER BY user_id COLLATE "C", author_id COLLATE "C", index
        ON CONFLICT (user_id, author_id) DO NOTHING
        """,
    ),
}


# relation → the column with the users who acted, and when. Missing ones are added first, as having joined when they
# first acted, and in the order of ids as by the API, against deadlocks.
_ACTORS = {"posts": ("author_id", "created_at"), "interactions": ("user_id", "least(first_at, created_at)")}
# relation → the columns with the users whose lists are out of date by its rows
_OUTDATED = {"blocks": ("user_id", "blocked_user_id"), "mutes": ("user_id",), "follows": ("user_id",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRows:
    """The result of a batch; rows that are not counted here were there already."""

    new: int = 0
    changed: int = 0
    erased: int = 0  # excluded by a tombstone
    made_known: int = 0  # users who were added because of these rows

    def __add__(self, other: "MergedRows") -> "MergedRows":
        counts, others = asdict(self), asdict(other)
        return MergedRows(**{name: counts[name] + others[name] for name in counts})


def merge_rows(
    database: Database, relation: str, rows: Sequence[Row], *, absent: Collection[str] = frozenset()
) -> MergedRows:
    """Write one batch of rows, each with the columns of `COLUMNS`, into a relation, in one transaction.

    Existing rows keep their values in absent columns (null in all rows, since the file does not have them).
    """
    with database.begin() as connection:
        # Losing the newest batch in a power cut does no harm, since the import is then started again anyway.
        connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
        hold_off_erasures(connection)
        _copy(connection, relation, rows)
        merged = MergedRows(erased=_drop_erased(connection, relation))
        if relation in _ACTORS and not database.has_views:
            merged += MergedRows(made_known=_make_known(connection, *_ACTORS[relation]))
        for statement in _MERGES[relation]:
            merge = statement.format(**_columns(relation, absent))
            merged += _merge(connection, merge, _OUTDATED.get(relation, ()))
        if relation == "posts":
            _delete_again(connection)
        if relation == "users" and "suspended" not in absent:
            _suspend(connection)
        return merged


def _columns(relation: str, absent: Collection[str]) -> dict[str, str]:
    """The columns that a repeated row changes, for the statements that name them."""
    given = [column for column in COLUMNS[relation] if column != "id" and column not in absent]
    return {
        "columns": ", ".join(COLUMNS[relation]),
        "values": ", ".join(_WRITTEN.get(column, column) for column in COLUMNS[relation]),
        "given": ", ".join(given),
        "old": ", ".join(f"kept.{column}" for column in given),
        "new": ", ".join(f"EXCLUDED.{column}" for column in given),
    }


def analyze(database: Database, relation: str) -> None:
    """Update PostgreSQL's statistics: after a large import its plans would still be those for an empty table."""
    with database.begin() as connection:
        connection.execute(sa.text(f"ANALYZE {SCHEMA}.{relation}"))


def _copy(connection: sa.Connection, relation: str, rows: Sequence[Row]) -> None:
    types = ((column, "timestamptz" if column in _TIMES else "text") for column in COLUMNS[relation])
    columns = ", ".join(f"{column} {kind}" for column, kind in types)
    connection.execute(sa.text(f"CREATE TEMPORARY TABLE incoming (index int, {columns}) ON COMMIT DROP"))
    lines = [
        f"{index}\t" + "\t".join(["\\N" if value is None else _escaped(value) for value in row]) + "\n"
        for index, row in enumerate(rows)
    ]
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert("COPY incoming FROM STDIN", io.StringIO("".join(lines)))
    finally:
        cursor.close()


def _drop_erased(connection: sa.Connection, relation: str) -> int:
    if not connection.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {SCHEMA}.tombstones)")):
        return 0
    dropped = 0
    for column, buried_as in _ERASED_BY[
        relation
    ].items():  # one statement per column: a condition with OR could not use a join
        delete = f"""
            DELETE FROM incoming USING {SCHEMA}.tombstones t
            WHERE t.relation = '{buried_as}' AND t.digest = {digest_sql(f"incoming.{column}")}
            """
        dropped += connection.execute(sa.text(delete)).rowcount
    return dropped


def _make_known(connection: sa.Connection, column: str, acted_at: str) -> int:
    insert = f"""
        INSERT INTO {SCHEMA}.users (id, created_at)
        SELECT {column}, least(min({acted_at}), now()) FROM incoming GROUP BY {column} ORDER BY {column} COLLATE "C"
        ON CONFLICT (id) DO NOTHING
        """
    return connection.execute(sa.text(insert)).rowcount


def _delete_again(connection: sa.Connection) -> None:
    """Delete posts that the API deleted after the tombstones were read; a later delete waits for this transaction."""
    gone = f"""
        UPDATE {SCHEMA}.posts p SET deleted_at = now() FROM incoming i, {SCHEMA}.tombstones t
        WHERE p.id = i.id AND p.deleted_at IS NULL AND t.relation = 'posts' AND t.digest = {digest_sql("i.id")}
        """
    if connection.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {SCHEMA}.tombstones)")):
        connection.execute(sa.text(gone))


def _suspend(connection: sa.Connection) -> None:
    """Suspend and reinstate users as the last row of each says; one that says nothing leaves its user as they are."""
    last = """
        SELECT DISTINCT ON (id COLLATE "C") id, suspended FROM incoming ORDER BY id COLLATE "C", index DESC
        """
    end = f"""
        DELETE FROM {SCHEMA}.takedowns t USING ({last}) i
        WHERE t.relation = 'users' AND t.id = i.id AND i.suspended = 'false'
        """
    begin = f"""
        INSERT INTO {SCHEMA}.takedowns (relation, id)
        SELECT 'users', id FROM ({last}) i WHERE suspended = 'true' ON CONFLICT DO NOTHING
        """
    for statement in (end, begin):
        connection.execute(sa.text(statement))


def _merge(connection: sa.Connection, statement: str, outdated: Sequence[str]) -> MergedRows:
    """Run a merge and count: `xmax` is 0 in a row that the statement inserted, and set in one that it changed.

    The users in the columns `outdated` of these rows are noted: their lists are made anew.
    """
    users = "ARRAY[" + ", ".join(outdated) + "]::text[]"
    counting = f"""
        WITH merged AS ({statement} RETURNING (xmax = 0) AS is_new, {users} AS users)
        SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new),
            coalesce((SELECT array_agg(DISTINCT id) FROM merged m, unnest(m.users) AS id), ARRAY[]::text[]) FROM merged
        """
    new, changed, named = connection.execute(sa.text(counting)).one()
    if named:
        note_said(connection, named)
    return MergedRows(new=new, changed=changed)


def _escaped(text: str) -> str:
    """A value in COPY's text format."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
