"""What PostgreSQL holds about one person: from one snapshot, in batches, so that a long history takes little memory.

The batches come from a cursor of the server, since events in a view have no key that a later query could go on from.
Every query names the person in a column of its own, and compares it as text: in a view it may be of a type (citext) for
which two ids are the same.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shared.db.engine import RELATIONS, Database, DatabaseSnapshot, RelationHome, relation_errors
from shared.db.preferences import StoredPreferences, preferences_in
from shared.db.relations import NEEDED, OPTIONAL, has_optional, id_hash_sql, usable_optional
from shared.db.safety import load_blocks
from shared.db.tables import SCHEMA, audit, erasures, model_aliases, model_versions, runs
from shared.db.takedowns import view_of_suspended
from shared.db.tombstones import buried, digest_sql
from shared.errors import ExportRefused

ROWS = 1_000  # events or blocks that are in memory at once
POSTS = 100  # the same of posts, whose captions have up to 10,000 characters
MAX_USER_ROWS = 100  # a view that is a join may repeat a user
OWN, VIEW = "warmline", "view"  # the two homes of a row
DEED = "export of one user's data"  # as the audit says it
Row = sa.Row[Any]
_OWNER = {"users": "id", "posts": "author_id", "interactions": "user_id", "blocks": "user_id", "follows": "user_id"}
_OWN_EVENT = "event_id, source, generation, position"  # columns that only our own table has
_READ = {
    "users": "created_at",
    "posts": "id, caption, image_url, created_at, deleted_at",
    "interactions": "post_id, kind, created_at",
    "blocks": "blocked_user_id, created_at",
    "follows": "author_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSource:
    """One home of the relations, and how to read the rows of one person there.

    Each method raises RelationBroken if the relation cannot be read.
    """

    name: str  # OWN or VIEW
    connection: sa.Connection
    home: RelationHome
    user_id: str

    def rows(self, relation: str, *, batch: int, more: str = "") -> Iterator[Sequence[Row]]:
        """The person's rows, the oldest first, in batches; `more` are columns besides those of `_READ`."""
        columns = f"{_READ[relation]}, {more}" if more else _READ[relation]
        query = f"SELECT {columns} FROM {self.home.name(relation)} WHERE {_is_user(relation)} ORDER BY created_at"
        options = {"stream_results": True, "max_row_buffer": batch}
        with relation_errors(self.home, relation):
            result = self.connection.execute(sa.text(query), {"user": self.user_id}, execution_options=options)
            yield from result.partitions(batch)

    def has_rows(self, relation: str) -> bool:
        """Whether there is a row. It names all columns that are read later, so that one that is missing shows here."""
        rows = f"SELECT {_READ[relation]} FROM {self.home.name(relation)} WHERE {_is_user(relation)}"
        query = f"SELECT EXISTS ({rows})"
        with relation_errors(self.home, relation):
            return bool(self.connection.scalar(sa.text(query), {"user": self.user_id}))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A registered model, which may have a row for the person."""

    version: int
    alias: str | None
    folder: str
    sha256: str  # of the weights


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedFromPost:
    """What jobs and acts have stored about a post."""

    number: int | None
    deleted_by_api_at: datetime | None
    hidden_at: datetime | None  # from everybody, by the API
    vectors: Sequence[Mapping[str, Any]]  # part, encoder, encoded_at
    failures: Sequence[Mapping[str, Any]]  # part, failure
    has_fingerprint: bool


NOTHING_DERIVED = DerivedFromPost(
    number=None, deleted_by_api_at=None, hidden_at=None, vectors=(), failures=(), has_fingerprint=False
)


def refuse_erased(database: Database, user_id: str) -> None:
    """Raises ExportRefused for a user who is erased, or being erased; as of now, not of a snapshot."""
    with database.begin() as connection:
        is_recorded = sa.select(erasures.c.user_id).where(erasures.c.user_id == user_id)
        if connection.scalar(is_recorded) is not None:
            raise ExportRefused("erasure-under-way", "the user is being erased; nothing is handed out any more")
        if buried(connection, "users", [user_id]):
            raise ExportRefused("user-erased", "the user was erased; nothing that names them is held")


def note_export(database: Database, *, by: str) -> None:
    """Record in the audit that somebody's data were handed out; not whose."""
    with database.begin() as connection:
        connection.execute(audit.insert().values(who=by, deed=DEED))


def user_sources(snapshot: DatabaseSnapshot, user_id: str) -> list[UserSource]:
    """Every home that may hold rows of a person. Over views our own tables are one, too: they keep what came before."""
    database = snapshot.database
    homes = {VIEW: database.source, OWN: database.own} if database.source is not None else {OWN: database.own}
    return [
        UserSource(name=name, connection=snapshot.connection(home), home=home, user_id=user_id)
        for name, home in homes.items()
        if home is not None
    ]


def has_relations(sources: Sequence[UserSource]) -> bool:
    """Whether any relation has a row of the person. All are asked, so that one that fails does so at the beginning."""
    answers = [source.has_rows(relation) for source in sources for relation in RELATIONS]
    answers += [source.has_rows("follows") for source in sources if _has_follows(source)]
    return any(answers)


def joined_at(source: UserSource) -> list[datetime | None]:
    """The times of the person's rows among the users."""
    found = next(source.rows("users", batch=MAX_USER_ROWS), ())
    return [at for (at,) in found]


def read_events(source: UserSource) -> Iterator[Sequence[Row]]:
    """Batches of post_id, kind, created_at, first_at, event_id, source, generation, position.

    In a view the last four are NULL, and so is `first_at` where the view does not have it.
    """
    own = _OWN_EVENT if source.name == OWN else "NULL AS event_id, NULL AS source, NULL AS generation, NULL AS position"
    has_first = has_optional(source.connection, source.home, "interactions", "first_at")
    first = "first_at" if has_first else "NULL::timestamptz AS first_at"
    return source.rows("interactions", batch=ROWS, more=f"{first}, {own}")


def read_blocks(source: UserSource) -> Iterator[Sequence[Row]]:
    """Batches of blocked_user_id, created_at: whom the person has blocked."""
    return source.rows("blocks", batch=ROWS)


def read_follows(source: UserSource) -> Iterator[Sequence[Row]]:
    """Batches of author_id, created_at: whom the person follows. A view that jobs ignore is ignored here, too."""
    if not _has_follows(source):
        return iter(())
    has_time = "created_at" in _usable(source, "follows")
    return source.rows("follows", batch=ROWS, more="created_at" if has_time else "NULL::timestamptz AS created_at")


def _has_follows(source: UserSource) -> bool:
    return source.name == OWN or set(NEEDED["follows"]).issubset(_usable(source, "follows"))


def read_posts(source: UserSource) -> Iterator[Sequence[Row]]:
    """Batches of id, caption, image_url, created_at, deleted_at, tags, language, sensitive, image_urls.

    In a view without the last four these are NULL.
    """
    is_there = set(OPTIONAL["posts"] if source.name == OWN else _usable(source, "posts"))
    types = {"tags": "text[]", "language": "text", "sensitive": "boolean", "image_urls": "text[]"}
    more = [
        f"CAST({column} AS {kind}) AS {column}" if column in is_there else f"NULL::{kind} AS {column}"
        for column, kind in types.items()
    ]
    return source.rows("posts", batch=POSTS, more=", ".join(more))


def _usable(source: UserSource, relation: str) -> list[str]:
    return usable_optional(source.connection, source.home, relation)


def read_say(snapshot: DatabaseSnapshot, user_id: str) -> StoredPreferences:
    """What the person has said: our tables `preferences` and `viewer_settings`, and the relation `mutes`."""
    return preferences_in(snapshot, user_id)


def derived_from_posts(snapshot: DatabaseSnapshot, post_ids: Collection[str]) -> dict[str, DerivedFromPost]:
    """What is stored about each of these posts in our own PostgreSQL."""
    query = f"""
        SELECT t.id, n.row, b.created_at, d.created_at,
            (SELECT json_agg(json_build_object('part', part, 'encoder', encoder, 'encoded_at', encoded_at)
                             ORDER BY part, encoder) FROM {SCHEMA}.post_vectors WHERE post_id = t.id),
            (SELECT json_agg(json_build_object('part', part, 'failure', failure) ORDER BY part)
             FROM {SCHEMA}.encoding_failures WHERE post_id = t.id),
            EXISTS (SELECT FROM {SCHEMA}.photo_fingerprints WHERE post_id = t.id)
        FROM unnest(CAST(:ids AS text[])) AS t(id)
        LEFT JOIN {SCHEMA}.post_rows n ON n.post_id = t.id
        LEFT JOIN {SCHEMA}.tombstones b ON b.relation = 'posts' AND b.digest = {digest_sql("t.id")}
        LEFT JOIN {SCHEMA}.takedowns d ON d.relation = 'posts' AND d.id = t.id
        """
    found = snapshot.connection(snapshot.database.own).execute(sa.text(query), {"ids": list(post_ids)})
    return {
        post_id: DerivedFromPost(
            number=number, deleted_by_api_at=deleted_at, hidden_at=hidden_at, vectors=vectors or (),
            failures=failures or (), has_fingerprint=has_fingerprint,
        )
        for post_id, number, deleted_at, hidden_at, vectors, failures, has_fingerprint in found
    }  # fmt: skip


def ids_of_numbers(snapshot: DatabaseSnapshot, post_numbers: Collection[int]) -> dict[int, str]:
    """Post number → id, for those of these posts that still have one."""
    # The number of an erased post has a control character in place of an id.
    query = f"SELECT row, post_id FROM {SCHEMA}.post_rows WHERE row = ANY(:numbers) AND left(post_id, 1) <> chr(1)"
    connection = snapshot.connection(snapshot.database.own)
    return {row[0]: row[1] for row in connection.execute(sa.text(query), {"numbers": list(post_numbers)})}


def suspended_since(snapshot: DatabaseSnapshot, user_id: str) -> datetime | None:
    """Since when the API (or an import) suspends the person; None: it does not."""
    query = f"SELECT created_at FROM {SCHEMA}.takedowns WHERE relation = 'users' AND id = :user"
    since: datetime | None = snapshot.connection(snapshot.database.own).scalar(sa.text(query), {"user": user_id})
    return since


def posts_of_blocked(sources: Sequence[UserSource], snapshot: DatabaseSnapshot, post_ids: Collection[str]) -> set[str]:
    """Those of these posts whose authors the person has blocked, or who have blocked the person."""
    blocked = blocked_either_way(snapshot, sources[0].user_id)
    found = set[str]()
    for source in sources if blocked else ():
        query = sa.text(f"SELECT id, author_id FROM {source.home.name('posts')} WHERE id = ANY(:ids)")
        with relation_errors(source.home, "posts"):
            rows = source.connection.execute(query, {"ids": sorted(post_ids)})
            found |= {post_id for post_id, author in rows if author in blocked}
    return found


def blocked_either_way(snapshot: DatabaseSnapshot, user_id: str) -> set[str]:
    """Whom the person has blocked, and who has blocked the person."""
    return {name for pair in load_blocks(snapshot, of=[user_id]) for name in pair} - {user_id}


def is_suspended_in_view(snapshot: DatabaseSnapshot, user_id: str) -> bool:
    """Whether the team's view of users calls the person suspended."""
    name, source = view_of_suspended(snapshot), snapshot.database.source
    if name is None or source is None:
        return False
    query = f"SELECT EXISTS (SELECT FROM {name} WHERE {_is_user('users')} AND suspended)"
    with relation_errors(source, "users"):
        return bool(snapshot.connection(source).scalar(sa.text(query), {"user": user_id}))


def has_revoked(snapshot: DatabaseSnapshot, user_id: str) -> bool:
    """Whether it is on record that the person took an event back."""
    query = f"SELECT EXISTS (SELECT FROM {SCHEMA}.revoking_users WHERE user_id = :user)"
    return bool(snapshot.connection(snapshot.database.own).scalar(sa.text(query), {"user": user_id}))


def runs_that_name(snapshot: DatabaseSnapshot, user_id: str) -> list[Row]:
    """id, job and end of the runs whose error quotes the id; not the error itself, which may name others."""
    named = sa.func.strpos(runs.c.error, repr(user_id)) > 0
    query = sa.select(runs.c.id, runs.c.job, runs.c.finished_at).where(named).order_by(runs.c.id)
    return list(snapshot.connection(snapshot.database.own).execute(query))


def stored_versions(snapshot: DatabaseSnapshot) -> list[StoredVersion]:
    """All registered models, the newest first."""
    version = model_versions.c.version
    query = (
        sa.select(version, model_aliases.c.alias, model_versions.c.folder, model_versions.c.sha256)
        .outerjoin_from(model_versions, model_aliases, model_aliases.c.version == version)
        .order_by(version.desc())
    )
    found = snapshot.connection(snapshot.database.own).execute(query)
    return [StoredVersion(version=row[0], alias=row[1], folder=row[2], sha256=row[3]) for row in found]


def id_hash_of(snapshot: DatabaseSnapshot, user_id: str) -> int:
    """The hash by which models know a user."""
    query = sa.text(f"SELECT {id_hash_sql(':user')}")
    return int(snapshot.connection(snapshot.database.own).scalar(query, {"user": user_id}) or 0)


def _is_user(relation: str) -> str:
    # The first comparison finds the rows by the column's own index, the second compares exactly.
    owner = _OWNER[relation]
    return f"{owner} = :user AND CAST({owner} AS text) = :user"
