"""The contract of the four relations and of what may come besides, and the check that a home keeps it."""

from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.cures import ColumnType, cure_absent, cure_type
from shared.db.engine import RELATIONS, Database, DatabaseSnapshot, RelationHome
from shared.domain import MAX_ID_LENGTH, NOT_IN_IDS
from shared.errors import SourceError

TEXT = ("text", "character varying", "citext")
TIME = ("timestamp with time zone",)
TEXTS = ("text[]", "character varying[]", "citext[]")
FLAG = ("boolean",)

# relation → column → allowed types; error messages name the first one
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
# Columns that a view may have besides; one that is absent, unreadable or of another type counts for nothing.
OPTIONAL: dict[str, dict[str, tuple[str, ...]]] = {
    "users": {"suspended": FLAG},
    "posts": {"tags": TEXTS, "language": TEXT, "sensitive": FLAG, "image_urls": TEXTS},
    "interactions": {"first_at": TIME},
}
# Relations that the team may have besides, as its views or in our own tables; without its needed columns, or with one
# of another type, the view counts for nothing.
OPTIONAL_RELATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "mutes": {"user_id": TEXT, "muted_user_id": TEXT, "created_at": TIME, "expires_at": TIME},
    "follows": {"user_id": TEXT, "author_id": TEXT, "created_at": TIME},
}
NEEDED: dict[str, tuple[str, ...]] = {"mutes": ("user_id", "muted_user_id"), "follows": ("user_id", "author_id")}
_COLUMNS = sa.text(
    """
    SELECT a.attname, format_type(a.atttypid, NULL), t.typtype = 'e',
      has_column_privilege(c.oid, a.attnum, 'SELECT')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE n.nspname = :schema AND c.relname = :relation AND a.attnum > 0 AND NOT a.attisdropped
    """
)


def usable_id_sql(*columns: str) -> str:
    """The SQL of a condition: each of these columns holds a usable id (see `domain.is_usable_id`) and is not null.

    Bytes are counted first, since counting characters takes ten times as long.
    """
    pattern, bounds = NOT_IN_IDS.replace("\\", "\\\\"), f"BETWEEN 1 AND {MAX_ID_LENGTH}"
    return " AND ".join(
        f"((octet_length({text}) {bounds} OR length({text}) {bounds}) AND {text} !~ E'{pattern}')"
        for text in (f"CAST({column} AS text)" for column in columns)
    )


def id_hash_sql(column: str) -> str:
    """The SQL of the 64-bit hash of an id (see `shared.db.id_hashes`)."""
    return f'hashtextextended(CAST({column} AS text) COLLATE "C", 0)'


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One difference between a relation and the contract."""

    relation: str
    column: str | None
    got: str
    expected: str
    cure: str
    got_type: ColumnType | None = None  # if the column exists, but its type is not allowed

    def __str__(self) -> str:
        where = f"{self.relation}.{self.column}" if self.column else self.relation
        return f"{where}: got {self.got}, expected {self.expected}; {self.cure}"


def mismatches(connection: sa.Connection, home: RelationHome, relation: str) -> list[Mismatch]:
    """Compare one relation with the contract; an empty list means that it matches."""
    got, full_name = _types(connection, home, relation), f"{home.schema}.{relation}"
    if not got:
        cure = "create the view (docs/guides/connect-your-database.md) and GRANT SELECT on it"
        return [
            Mismatch(relation=full_name, column=None, got="no such relation", expected="a table or view", cure=cure)
        ]
    return [
        _mismatch(full_name, relation, column, got.get(column), types[0])
        for column, types in CONTRACT[relation].items()
        if column not in got or got[column].name not in types
    ]


def wrong_optional(connection: sa.Connection, home: RelationHome, relation: str) -> list[Mismatch]:
    """What is there and is ignored, since it is not what the contract says: optional columns, an optional relation."""
    got, full_name = _types(connection, home, relation), f"{home.schema}.{relation}"
    needed = NEEDED.get(relation, ()) if got else ()
    wrong = [
        _mismatch(full_name, relation, column, got.get(column), types[0])
        for column, types in _optional(relation).items()
        if (column in got and got[column].name not in types) or (column in needed and column not in got)
    ]
    if relation in OPTIONAL_RELATIONS and not all(column.may_be_read for column in got.values()):
        cure = f"GRANT SELECT ON {full_name} to the role that reads your views"
        expected = "a relation that may be read"
        wrong.append(Mismatch(relation=full_name, column=None, got="no right to read it", expected=expected, cure=cure))
    return wrong


def has_relation(connection: sa.Connection, home: RelationHome, relation: str) -> bool:
    """Whether there is such a relation, whatever its columns are."""
    return bool(_types(connection, home, relation))


def has_optional(connection: sa.Connection, home: RelationHome, relation: str, column: str) -> bool:
    """Whether a relation has this optional column, with a type that the contract allows and the right to read it."""
    return column in usable_optional(connection, home, relation)


def usable_optional(connection: sa.Connection, home: RelationHome, relation: str) -> list[str]:
    """The optional columns of a relation that are read: of an allowed type, with the right to read them."""
    wanted = _optional(relation)
    got = _types(connection, home, relation) if wanted else {}
    return [
        column
        for column, types in wanted.items()
        if column in got and got[column].may_be_read and got[column].name in types
    ]


def optional_homes(snapshot: DatabaseSnapshot, relation: str) -> list[tuple[sa.Connection, str, frozenset[str]]]:
    """The homes of an optional relation: connection, SQL name and usable columns. Our own table is always one."""
    own, source = snapshot.database.own, snapshot.database.source
    homes = [(snapshot.connection(own), own.name(relation), frozenset(OPTIONAL_RELATIONS[relation]))]
    if source is not None:
        usable = frozenset(usable_optional(snapshot.connection(source), source, relation))
        if usable.issuperset(NEEDED[relation]):
            homes.append((snapshot.connection(source), source.name(relation), usable))
    return homes


def _optional(relation: str) -> dict[str, tuple[str, ...]]:
    return OPTIONAL_RELATIONS.get(relation) or OPTIONAL.get(relation, {})


def _types(connection: sa.Connection, home: RelationHome, relation: str) -> dict[str, ColumnType]:
    found = connection.execute(_COLUMNS, {"schema": home.schema, "relation": relation})
    return {row[0]: ColumnType(name=row[1], is_enum=row[2], may_be_read=row[3]) for row in found}


def _mismatch(full_name: str, relation: str, column: str, got: ColumnType | None, expected: str) -> Mismatch:
    cure = cure_type(column, got) if got else cure_absent(relation, column)
    return Mismatch(
        relation=full_name,
        column=column,
        got=str(got or "no such column"),
        expected=expected,
        cure=cure,
        got_type=got,
    )


def check_relations(database: Database, snapshot: DatabaseSnapshot) -> None:
    """Refuse to load from relations that do not match the contract.

    Raises:
        SourceError: one line for each mismatch.
    """
    if database.source is None:
        return  # our own tables match, since they were migrated
    home = database.source
    connection = snapshot.connection(home)
    wrong = [str(mismatch) for relation in RELATIONS for mismatch in mismatches(connection, home, relation)]
    if wrong:
        raise SourceError(*wrong)
