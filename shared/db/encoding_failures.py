"""Captions and photos that could not be encoded, in PostgreSQL: why, which limit refused, and when to try again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.tables import encoding_failures
from shared.db.vectors import ContentKind

_AT_ONCE = 1_000  # rows per statement


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingFailure:
    """Why a post has no vector of its present photo or caption."""

    post_id: str
    source_hash: str
    failure: str
    refused_by: str | None  # the limit or program that refused; None: none of ours, or unknown
    attempts: int
    next_try: datetime | None  # None: not until the source or the limit changes


def load_failures(database: Database, part: ContentKind) -> dict[str, EncodingFailure]:
    """All failures on record, by post."""
    f = encoding_failures.c
    columns = sa.select(f.post_id, f.source_hash, f.failure, f.refused_by, f.attempts, f.next_try)
    with database.begin() as connection:
        rows = connection.execute(columns.where(f.part == part.value)).mappings()
        return {row["post_id"]: EncodingFailure(**row) for row in rows}


def store_failures(database: Database, part: ContentKind, failures: Sequence[EncodingFailure]) -> None:
    """Record failures, in place of earlier ones of the same posts; vectors stay."""
    with database.begin() as connection:
        for start in range(0, len(failures), _AT_ONCE):
            connection.execute(_put(part, failures[start : start + _AT_ONCE]))


def forget_failures(database: Database, part: ContentKind, post_ids: Iterable[str]) -> None:
    """Delete the failures of these posts."""
    f = encoding_failures.c
    with database.begin() as connection:
        connection.execute(encoding_failures.delete().where(f.part == part.value, f.post_id.in_(list(post_ids))))


def _put(part: ContentKind, failures: Sequence[EncodingFailure]) -> sa.Executable:
    rows = [
        {
            "post_id": failure.post_id,
            "part": part.value,
            "source_hash": failure.source_hash,
            "failure": failure.failure,
            "refused_by": failure.refused_by,
            "attempts": failure.attempts,
            "next_try": failure.next_try,
        }
        for failure in failures
    ]
    put = insert(encoding_failures).values(rows)
    fresh = {name: put.excluded[name] for name in rows[0] if name not in ("post_id", "part")}
    return put.on_conflict_do_update(index_elements=["post_id", "part"], set_=fresh)
