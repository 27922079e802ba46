"""The contract of the four relations, and the check that a place keeps it."""

from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.engine import RELATIONS, Database, Place, Snapshot
from shared.domain import MAX_ID_LENGTH, NOT_IN_IDS
from shared.errors import SourceError

TEXT = ("text", "character varying", "citext")
TIME = ("timestamp with time zone",)

# relation → column → the types that it may have, the first being the one that the contract names
CONTRACT: dict[str, dict[str, tuple[str, ...]]] = {
    "users": {"id": TEXT, "created_at": TIME},
    "posts": {
        "id": TEXT,
        "author_id": TEXT,
        "caption": TEXT,
        "image_url": TEXT,
        "created_at": TIME,
        "deleted_at": TIME,
    },
    "interactions": {"user_id": TEXT, "post_id": TEXT, "kind": TEXT, "created_at": TIME},
    "blocks": {"user_id": TEXT, "blocked_user_id": TEXT, "created_at": TIME},
}
# What to write in the view, by the type that it has now.
CURES = {
    "timestamp without time zone": "write {column} AT TIME ZONE 'UTC' (or the zone that your app writes in)",
    "uuid": "write {column}::text",
    "integer": "write {column}::text",
    "bigint": "write {column}::text",
    "date": "write {column}::timestamptz",
}

_COLUMNS = sa.text(
    """
    SELECT a.attname, format_type(a.atttypid, NULL)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relname = :relation AND a.attnum > 0 AND NOT a.attisdropped
    """
)


def usable(*columns: str) -> str:
    """The SQL of a condition: each of these columns holds an id that can be used (see `domain.is_usable_id`).

    Not so where a column is null. Bytes are counted first, for characters take ten times as long to count.
    """
    pattern, bounds = NOT_IN_IDS.replace("\\", "\\\\"), f"BETWEEN 1 AND {MAX_ID_LENGTH}"
    return " AND ".join(
        f"((octet_length({text}) {bounds} OR length({text}) {bounds}) AND {text} !~ E'{pattern}')"
        for text in (f"CAST({column} AS text)" for column in columns)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One way in which a relation is not what the contract says."""

    relation: str
    column: str | None
    got: str
    expected: str
    cure: str

    def __str__(self) -> str:
        where = f"{self.relation}.{self.column}" if self.column else self.relation
        return f"{where}: got {self.got}, expected {self.expected}; {self.cure}"


def mismatches(connection: sa.Connection, place: Place, relation: str) -> list[Mismatch]:
    """Compare one relation with the contract; an empty list is good."""
    found = connection.execute(_COLUMNS, {"schema": place.schema, "relation": relation})
    got: dict[str, str] = {row[0]: row[1] for row in found}
    full_name = f"{place.schema}.{relation}"
    if not got:
        cure = "create the view (README, “Connect your own database”) and GRANT SELECT on it"
        return [
            Mismatch(relation=full_name, column=None, got="no such relation", expected="a table or view", cure=cure)
        ]
    return [
        Mismatch(
            relation=full_name,
            column=column,
            got=got.get(column, "no such column"),
            expected=types[0],
            cure=CURES.get(got.get(column, ""), "add it to the view").format(column=column),
        )
        for column, types in CONTRACT[relation].items()
        if got.get(column) not in types
    ]


def check_relations(database: Database, snapshot: Snapshot) -> None:
    """Refuse to load from relations that are not what the contract says.

    Raises:
        SourceError: one line for each mismatch.
    """
    if database.source is None:
        return  # our own tables are migrated
    place = database.source
    connection = snapshot.connection(place)
    wrong = [str(each) for relation in RELATIONS for each in mismatches(connection, place, relation)]
    if wrong:
        raise SourceError("\n".join(wrong))
