"""Vectors of photos and captions in PostgreSQL, by encoder: storing them, and whole columns for training.

This module imports numpy, like `bulk`, so the timeline does not use it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.binary_copy import copy_binary
from shared.db.bulk_events import sql_text
from shared.db.engine import Database, DatabaseSnapshot
from shared.db.id_hashes import known_user_id_hashes
from shared.db.relations import has_optional, id_hash_sql, usable_id_sql
from shared.db.tables import SCHEMA, encoding_failures, photo_fingerprints, post_vectors
from shared.db.tombstones import buried_in_views
from shared.domain import CLOCK_TOLERANCE, MAX_PHOTOS
from shared.event_columns import Int64s

VECTOR_TYPE = np.dtype("<f2")
_ID_BATCH = 10_000


class ContentKind(StrEnum):
    """Which part of a post is encoded."""

    IMAGE = "image"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostContent:
    """The content of a post that can be encoded."""

    post_id: str
    caption: str
    image_url: str | None
    created_at: datetime
    image_urls: Sequence[str] = ()  # further photos

    @property
    def photos(self) -> tuple[str, ...]:
        """`image_url`, then the further photos, each once; at most `MAX_PHOTOS`."""
        named = (self.image_url, *self.image_urls)
        return tuple(dict.fromkeys(photo for photo in named if photo))[:MAX_PHOTOS]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedVector:
    """A vector to store."""

    post_id: str
    source_hash: str
    vector: npt.NDArray[np.float32]  # (width,)
    fingerprint: bytes | None = None  # of a photo


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorColumn:
    """All vectors of one encoder; one row for each post with a vector."""

    post_id_hashes: Int64s  # (n,)
    values: npt.NDArray[np.float16]  # (n, width)


def load_content(snapshot: DatabaseSnapshot, *, now: datetime) -> Iterator[PostContent]:
    """Captions and photo references of all posts that anyone may see, as a stream."""
    (home,) = snapshot.database.homes("posts")
    connection, name = snapshot.connection(home), home.name("posts")
    has_more = has_optional(connection, home, "posts", "image_urls")
    # With a backslash, so that SQLAlchemy takes the colon for no parameter.
    more = rf"(CAST(image_urls AS text[]))[\:{2 * MAX_PHOTOS}]" if has_more else "NULL::text[]"
    query = sa.text(
        f"""
        SELECT id, coalesce(caption, ''), image_url, created_at, {id_hash_sql("author_id")}, {more} FROM {name}
        WHERE deleted_at IS NULL AND created_at <= :latest AND {usable_id_sql("id", "author_id")}
        """
    )
    known, done = snapshot.once(known_user_id_hashes), set[str]()
    rows = connection.execution_options(yield_per=_ID_BATCH).execute(query, {"latest": now + CLOCK_TOLERANCE})
    for part in rows.partitions():
        counts = known.contains(np.array([row[4] for row in part], np.int64)).tolist() if known is not None else None
        gone = buried_in_views(snapshot, "posts", [row[0] for row in part])
        for index, (post_id, caption, image_url, created_at, _, image_urls) in enumerate(part):
            is_eligible = (counts is None or counts[index]) and post_id not in gone
            if is_eligible and post_id not in done:  # a view may repeat a row
                done.add(post_id)
                yield PostContent(
                    post_id=post_id, caption=caption, image_url=image_url, created_at=created_at,
                    image_urls=[photo for photo in image_urls or () if isinstance(photo, str)],
                )  # fmt: skip


def stored_vectors(database: Database, part: ContentKind, *, encoder: str) -> dict[str, str]:
    """Post → hash of the encoded source, for each post with a vector of this encoder."""
    v = post_vectors.c
    with database.begin() as connection:
        rows = connection.execute(sa.select(v.post_id, v.source_hash).where(v.part == part.value, v.encoder == encoder))
        return {row[0]: row[1] for row in rows}


def has_vectors(database: Database, part: ContentKind, *, encoder: str) -> bool:
    """Whether there is any vector of this encoder."""
    v = post_vectors.c
    with database.begin() as connection:
        return bool(connection.scalar(sa.select(sa.exists().where(v.part == part.value, v.encoder == encoder))))


def store_vectors(database: Database, part: ContentKind, *, encoder: str, encoded: Sequence[EncodedVector]) -> None:
    """Store one batch, in one transaction, so that a kill loses at most one batch.

    Vectors of other encoders stay; recorded failures of these posts are deleted.
    """
    if not encoded:
        return
    rows = [
        {"post_id": item.post_id, "part": part.value, "source_hash": item.source_hash, "encoder": encoder,
         "vector": item.vector.astype(VECTOR_TYPE).tobytes()}
        for item in encoded
    ]  # fmt: skip
    put = insert(post_vectors).values(rows)
    fresh = {
        "source_hash": put.excluded.source_hash,
        "vector": put.excluded.vector,
        "encoded_at": sa.func.now(),
    }
    with database.begin() as connection:
        connection.execute(put.on_conflict_do_update(index_elements=["post_id", "part", "encoder"], set_=fresh))
        _forget(connection, encoding_failures, part, [item.post_id for item in encoded])
        _store_fingerprints(connection, encoded)


def adopt_vectors(database: Database, part: ContentKind, *, encoder: str, of: str, hashes: Mapping[str, str]) -> int:
    """Copy the vectors of an earlier encoder that are this one's as well: those of sources that have not changed.

    Only if there are none of this encoder yet; returns how many.

    Args:
        database: ours.
        part: of the posts.
        encoder: identity of the present encoder.
        of: identity of the earlier one.
        hashes: post → hash of its present source.
    """
    if has_vectors(database, part, encoder=encoder) or not has_vectors(database, part, encoder=of):
        return 0
    query = f"""
        INSERT INTO {SCHEMA}.post_vectors (post_id, part, source_hash, encoder, vector)
        SELECT v.post_id, v.part, v.source_hash, :encoder, v.vector FROM {SCHEMA}.post_vectors v
        JOIN unnest(CAST(:posts AS text[]), CAST(:hashes AS text[])) AS now (post_id, source_hash)
            ON now.post_id = v.post_id AND now.source_hash = v.source_hash
        WHERE v.part = :part AND v.encoder = :of ON CONFLICT DO NOTHING
        """
    values = {"encoder": encoder, "part": part.value, "of": of, "posts": [*hashes], "hashes": [*hashes.values()]}
    with database.begin() as connection:
        return int(connection.execute(sa.text(query), values).rowcount)


def drop_vectors(database: Database, part: ContentKind, post_ids: Sequence[str]) -> None:
    """Delete vectors, failures and fingerprints of posts that have nothing to encode any more."""
    if not post_ids:
        return
    with database.begin() as connection:
        _forget(connection, post_vectors, part, post_ids)
        _forget(connection, encoding_failures, part, post_ids)
        if part is ContentKind.IMAGE:
            connection.execute(photo_fingerprints.delete().where(_is_one_of(photo_fingerprints.c.post_id, post_ids)))


def drop_other_encoders(database: Database, part: ContentKind, *, keep: Collection[str]) -> int:
    """Delete all vectors except those of some encoders; returns how many were deleted."""
    v = post_vectors.c
    with database.begin() as connection:
        others = post_vectors.delete().where(v.part == part.value, v.encoder.not_in(sorted(keep)))
        return int(connection.execute(others).rowcount)


def count_vectors(database: Database, post_ids: Sequence[str]) -> dict[str, int]:
    """How many of these posts have a vector of any encoder, by part."""
    v = post_vectors.c
    counts = dict.fromkeys((part.value for part in ContentKind), 0)
    with database.begin() as connection:
        if connection.scalar(sa.select(sa.exists().where(sa.true()).select_from(post_vectors))):  # in phase 1: none
            found = sa.select(v.part, sa.func.count(sa.distinct(v.post_id)))
            for part, count in connection.execute(found.where(_is_one_of(v.post_id, post_ids)).group_by(v.part)):
                counts[part] = int(count)
    return counts


def most_used_encoder(snapshot: DatabaseSnapshot, part: ContentKind, *, among: Sequence[str]) -> tuple[str, int] | None:
    """The encoder with most vectors of this part of these posts, or else of all; None if there are no vectors."""
    own = snapshot.database.own
    connection, name = snapshot.connection(own), own.name("post_vectors")
    encoder = None
    for condition in ("post_id = ANY(:ids)", "true"):  # all of them take long to count
        counts = f"""
            SELECT encoder FROM {name} WHERE part = :part AND {condition}
            GROUP BY encoder ORDER BY count(*) DESC, encoder LIMIT 1
            """
        encoder = connection.scalar(sa.text(counts), {"part": part.value, "ids": list(among)})
        if encoder is not None:
            break
    if encoder is None:
        return None
    size = f"SELECT octet_length(vector) FROM {name} WHERE part = :part AND encoder = :encoder LIMIT 1"
    found = connection.scalar(sa.text(size), {"part": part.value, "encoder": encoder})
    return str(encoder), int(found or 0) // VECTOR_TYPE.itemsize


def load_vectors(snapshot: DatabaseSnapshot, part: ContentKind, *, encoder: str, width: int) -> VectorColumn:
    """All vectors of one encoder with this width."""
    own = snapshot.database.own
    connection = snapshot.connection(own)
    size = width * VECTOR_TYPE.itemsize
    query = f"""
        SELECT {id_hash_sql("post_id")}, vector FROM {own.name("post_vectors")}
        WHERE part = '{part}' AND encoder = {sql_text(encoder)} AND octet_length(vector) = {size}
        """
    found = copy_binary(connection, query, {"id_hash": ">i8", "vector": f"V{size}"})
    return VectorColumn(post_id_hashes=found["id_hash"], values=found["vector"].view(VECTOR_TYPE).reshape(-1, width))


def load_vectors_of(
    snapshot: DatabaseSnapshot, part: ContentKind, post_ids: Collection[str], *, encoder: str, width: int
) -> VectorColumn:
    """The same of some posts; those without a vector are left out."""
    own = snapshot.database.own
    query = f"""
        SELECT {id_hash_sql("post_id")}, vector FROM {own.name("post_vectors")}
        WHERE post_id = ANY(:ids) AND part = :part AND encoder = :encoder AND octet_length(vector) = :size
        """
    size = width * VECTOR_TYPE.itemsize
    values = {"ids": list(post_ids), "part": part.value, "encoder": encoder, "size": size}
    found = snapshot.connection(own).execute(sa.text(query), values).all()
    vectors = b"".join(bytes(vector) for _, vector in found)
    return VectorColumn(
        post_id_hashes=np.array([id_hash for id_hash, _ in found], np.int64),
        values=np.frombuffer(vectors, VECTOR_TYPE).reshape(-1, width),
    )


def _store_fingerprints(connection: sa.Connection, encoded: Iterable[EncodedVector]) -> None:
    rows = [
        {"post_id": item.post_id, "fingerprint": item.fingerprint} for item in encoded if item.fingerprint is not None
    ]
    if not rows:
        return
    put = insert(photo_fingerprints).values(rows)
    # The same photo keeps its cluster; another photo must be compared again.
    is_same = photo_fingerprints.c.fingerprint == put.excluded.fingerprint
    fresh = {
        "fingerprint": put.excluded.fingerprint,
        "cluster": sa.case((is_same, photo_fingerprints.c.cluster)),
    }
    connection.execute(put.on_conflict_do_update(index_elements=["post_id"], set_=fresh))


def _forget(connection: sa.Connection, table: sa.Table, part: ContentKind, post_ids: Sequence[str]) -> None:
    connection.execute(table.delete().where(_is_one_of(table.c.post_id, post_ids), table.c.part == part.value))


def _is_one_of(column: sa.ColumnElement[str], post_ids: Sequence[str]) -> sa.ColumnElement[bool]:
    return column == sa.any_(sa.literal(list(post_ids), sa.ARRAY(sa.Text)))
