"""Vectors of photos and captions in PostgreSQL: what is stored, what failed, and whole columns for training.

Like `bulk`, and for the same reason kept out of the timeline, this module imports numpy.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.binary_copy import copy_binary
from shared.db.bulk import Int64s, key_of, known_user_keys, sql_text
from shared.db.engine import Database, Snapshot
from shared.db.relations import usable
from shared.db.tables import post_vectors
from shared.db.tombstones import buried_in_views
from shared.domain import CLOCK_TOLERANCE

VECTOR_TYPE = np.dtype("<f2")
_ID_BATCH = 10_000


class Part(StrEnum):
    """What of a post is encoded."""

    IMAGE = "image"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostContent:
    """What a post has to encode."""

    post_id: str
    caption: str
    image_url: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorState:
    """A stored vector, or a failure, without the vector itself."""

    encoder: str
    source_hash: str
    failure: str | None
    attempts: int
    next_try: datetime | None
    settings_hash: str | None  # of a failure: the settings that it was tried under


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A vector to store."""

    post_id: str
    source_hash: str
    vector: npt.NDArray[np.float32]  # (width,)
    fingerprint: bytes | None = None  # of a photo


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A source that could not be read."""

    post_id: str
    source_hash: str
    failure: str
    attempts: int
    next_try: datetime | None
    settings_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorColumn:
    """All vectors of one encoder; one row per post that has one."""

    post_keys: Int64s  # (n,)
    values: npt.NDArray[np.float16]  # (n, width)


def load_content(snapshot: Snapshot, *, now: datetime) -> Iterator[PostContent]:
    """Captions and image references of all posts that anyone may see, streamed."""
    ((connection, name),) = snapshot.each("posts")
    query = sa.text(
        f"""
        SELECT id, coalesce(caption, ''), image_url, created_at, {key_of("author_id")} FROM {name}
        WHERE deleted_at IS NULL AND created_at <= :latest AND {usable("id", "author_id")}
        """
    )
    known, met = snapshot.once(known_user_keys), set[str]()
    rows = connection.execution_options(yield_per=_ID_BATCH).execute(query, {"latest": now + CLOCK_TOLERANCE})
    for part in rows.partitions():
        counts = known.contains(np.array([row[4] for row in part], np.int64)).tolist() if known is not None else None
        gone = buried_in_views(snapshot, "posts", [row[0] for row in part])
        for place, (post_id, caption, image_url, created_at, _) in enumerate(part):
            is_eligible = (counts is None or counts[place]) and post_id not in gone
            if is_eligible and post_id not in met:  # a view may repeat a row
                met.add(post_id)
                yield PostContent(post_id=post_id, caption=caption, image_url=image_url, created_at=created_at)


def stored_vectors(database: Database, part: Part) -> dict[str, VectorState]:
    """What is stored of each post, failures too."""
    v = post_vectors.c
    columns = sa.select(v.post_id, v.encoder, v.source_hash, v.failure, v.attempts, v.next_try, v.settings_hash)
    with database.begin() as connection:
        rows = connection.execute(columns.where(v.part == part.value))
        return {
            post_id: VectorState(
                encoder=encoder,
                source_hash=source_hash,
                failure=failure,
                attempts=attempts,
                next_try=next_try,
                settings_hash=settings_hash,
            )
            for post_id, encoder, source_hash, failure, attempts, next_try, settings_hash in rows
        }


def store_vectors(
    database: Database, part: Part, *, encoder: str, encoded: Iterable[Encoded], failed: Iterable[Failed]
) -> None:
    """Store one batch, in one transaction: a kill costs at most the batch under way."""
    rows = [
        {"post_id": each.post_id, "source_hash": each.source_hash, "vector": each.vector.astype(VECTOR_TYPE).tobytes(),
         "failure": None, "attempts": 0, "next_try": None, "fingerprint": each.fingerprint,
         "settings_hash": None}
        for each in encoded
    ] + [
        {"post_id": each.post_id, "source_hash": each.source_hash, "vector": None,
         "failure": each.failure, "attempts": each.attempts, "next_try": each.next_try, "fingerprint": None,
         "settings_hash": each.settings_hash}
        for each in failed
    ]  # fmt: skip
    if not rows:
        return
    put = insert(post_vectors).values([{**row, "part": part.value, "encoder": encoder} for row in rows])
    fresh: dict[str, object] = {name: put.excluded[name] for name in rows[0] if name != "post_id"}
    # The same photo through another encoder stays in its cluster; another photo has to be compared.
    is_same = post_vectors.c.fingerprint == put.excluded.fingerprint
    fresh |= {
        "encoder": put.excluded.encoder,
        "encoded_at": sa.func.now(),
        "cluster": sa.case((is_same, post_vectors.c.cluster)),
    }
    with database.begin() as connection:
        connection.execute(put.on_conflict_do_update(index_elements=["post_id", "part"], set_=fresh))


def drop_vectors(database: Database, part: Part, post_ids: Sequence[str]) -> None:
    """Forget what was encoded of posts that have nothing to encode any more."""
    with database.begin() as connection:
        named = post_vectors.c.post_id.in_(list(post_ids))
        connection.execute(post_vectors.delete().where(named, post_vectors.c.part == part.value))


def count_vectors(database: Database, post_ids: Sequence[str]) -> dict[str, int]:
    """How many of these posts have a vector, by part; failures are none."""
    v = post_vectors.c
    counts = dict.fromkeys((part.value for part in Part), 0)
    with database.begin() as connection:
        if connection.scalar(sa.select(sa.exists().where(v.vector.is_not(None)))):  # in phase 1 alone there is none
            found = sa.select(v.part, sa.func.count()).where(v.vector.is_not(None))
            mine = v.post_id == sa.any_(sa.literal(list(post_ids), sa.ARRAY(sa.Text)))
            for part, count in connection.execute(found.where(mine).group_by(v.part)):
                counts[part] = int(count)
    return counts


def load_vectors(snapshot: Snapshot, part: Part, *, encoder: str, width: int) -> VectorColumn:
    """All vectors that one encoder made; those of other encoders, or of another width, are left out."""
    place = snapshot.database.own
    connection = snapshot.connection(place)
    size = width * VECTOR_TYPE.itemsize
    query = f"""
        SELECT {key_of("post_id")}, vector FROM {place.name("post_vectors")}
        WHERE part = '{part}' AND encoder = {sql_text(encoder)} AND octet_length(vector) = {size}
        """
    found = copy_binary(connection, query, {"key": ">i8", "vector": f"V{size}"})
    return VectorColumn(post_keys=found["key"], values=found["vector"].view(VECTOR_TYPE).reshape(-1, width))
