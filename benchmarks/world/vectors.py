"""Vectors of a world's photos and captions: near the centre of the post's topic, apart by a part of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import psycopg2

from benchmarks.world import columns
from benchmarks.world.binary import Field, packed
from benchmarks.world.columns import PostRows
from benchmarks.world.fill import copy_parts
from benchmarks.world.ids import Bytes, texts
from benchmarks.world.shape import World
from shared.content.encoders.captions import caption_hash, content_hash_of
from shared.db.vectors import VECTOR_TYPE, ContentKind

OWN_PART = 0.7  # length of what is a post's own, in parts of its topic's; 0: all posts of a topic are alike
COLUMNS = "warmline.post_vectors (post_id, part, source_hash, encoder, vector)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """By which encoder the vectors pass for being made."""

    part: ContentKind
    encoder: str  # its identity
    width: int


def vectors_of(world: World, encoding: Encoding, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Of a run of posts that begins where `columns.posts_of` begins one, each of length 1. -> (n, width)"""
    part = list(ContentKind).index(encoding.part)
    centres = np.random.default_rng([world.seed, 6, part]).standard_normal((world.size.topics, encoding.width))
    own = np.random.default_rng([world.seed, 7, part, numbers[0]]).standard_normal((len(numbers), encoding.width))
    vectors = centres[world.topic[numbers]] + OWN_PART * own
    unit: npt.NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def fill_vectors(database_url: str, world: World, encodings: Sequence[Encoding]) -> int:
    """Replace all vectors; a job that encodes what is new finds nothing to do. Returns how many were written."""
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("TRUNCATE warmline.post_vectors")
            return copy_parts(cursor, COLUMNS, _rows(world, encodings))
    finally:
        connection.close()


def _rows(world: World, encodings: Sequence[Encoding]) -> Iterator[tuple[int, bytes]]:
    for rows in columns.posts_of(world):
        ids = texts(columns.post_uuids(world, rows.numbers))
        for encoding in encodings:
            vectors = vectors_of(world, encoding, rows.numbers).astype(VECTOR_TYPE)
            raw = vectors.view(np.uint8).reshape(len(ids), encoding.width * VECTOR_TYPE.itemsize)
            hashes = _hashes(rows, encoding.part)
            fields: list[Field] = [ids, encoding.part.value.encode(), hashes, encoding.encoder.encode(), raw]
            yield len(ids), packed(len(ids), fields)


def _hashes(rows: PostRows, part: ContentKind) -> Bytes:
    """What the sources' hashes would be, as 32 letters."""
    column = rows.captions if part is ContentKind.CAPTION else rows.image_urls
    written = [text.decode() for text in np.ascontiguousarray(column).view(f"S{column.shape[1]}").ravel().tolist()]
    hashes = [caption_hash(text) if part is ContentKind.CAPTION else content_hash_of(text.encode()) for text in written]
    return np.frombuffer("".join(each or "" for each in hashes).encode(), np.uint8).reshape(len(written), -1)
