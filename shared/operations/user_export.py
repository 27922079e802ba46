"""One person's data as a JSON document: all that Warmline holds about them, and nothing of anybody else.

Used by the timeline's route and by the operator's command. The document is made piece by piece, so that a long history
takes little memory; it is whole when it is closed. Its shapes are in `shared.operations.exported_data`.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from shared.db.engine import Database, DatabaseSnapshot
from shared.db.event_ids import as_sent
from shared.db.phases import installation_id
from shared.db.user_data import (
    NOTHING_DERIVED,
    DerivedFromPost,
    Row,
    UserSource,
    blocked_either_way,
    derived_from_posts,
    has_relations,
    has_revoked,
    id_hash_of,
    ids_of_numbers,
    is_suspended_in_view,
    joined_at,
    posts_of_blocked,
    read_blocks,
    read_events,
    read_follows,
    read_posts,
    read_say,
    refuse_erased,
    runs_that_name,
    stored_versions,
    suspended_since,
    user_sources,
)
from shared.errors import ArtefactError, ExportRefused, StoreUnavailable
from shared.neucf.known_users import has_user_row
from shared.neucf.model_files import has_model_folder
from shared.operations.exported_data import (
    FORMAT,
    ExportedBlock,
    ExportedChain,
    ExportedCounts,
    ExportedEntry,
    ExportedEvent,
    ExportedFailure,
    ExportedFollow,
    ExportedList,
    ExportedModelRow,
    ExportedPosition,
    ExportedPost,
    ExportedPreference,
    ExportedRedis,
    ExportedRun,
    ExportedSuggestion,
    ExportedUser,
    ExportedVector,
    ExportHead,
    Missing,
)
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.records import Chain
from shared.ranked_lists.user_values import UserValues, read_user_values
from shared.text.printable import printable_json

REDIS: Missing = "redis"
MODELS: Missing = "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportStores:
    """Where a person's data may be."""

    database: Database
    redis_url: str
    redis_timeout: timedelta
    model_dir: Path


def export_user(stores: ExportStores, user_id: str, *, now: datetime) -> Generator[bytes, None, None]:
    """The document in pieces, valid JSON in UTF-8 only when all have come. Closing it early gives up the snapshot.

    The first piece comes when all checks have passed. PostgreSQL is read in one snapshot; before each further piece it
    is asked whether the user was erased meanwhile.

    Raises:
        ExportRefused: nothing is held about the user, or they are erased or being erased.
        RelationBroken: one of the relations cannot be read.
        StoreUnavailable, SourceError: PostgreSQL does not answer; or Redis, and PostgreSQL holds nothing.
    """
    refuse_erased(stores.database, user_id)
    values = _values(stores, user_id)
    with stores.database.read() as snapshot:
        sources = user_sources(snapshot, user_id)
        is_in_relations = has_relations(sources)  # before anything else: it says which relation is broken
        head = _head(stores, snapshot, sources, values, user_id, now)
        if not is_in_relations:
            _refuse_unknown(head, values)
        yield _printable(_encode(head)[:-1])
        parts: dict[str, Iterator[Sequence[Struct]]] = {
            "posts": _posts(snapshot, sources), "blocks": _blocks(sources), "follows": _follows(sources),
            "events": _events(sources),
        }  # fmt: skip
        counts = dict.fromkeys(parts, 0)
        for name, batches in parts.items():
            yield f',\n"{name}":['.encode()
            for entries in batches:
                refuse_erased(stores.database, user_id)
                yield _printable((b",\n" if counts[name] else b"\n") + b",\n".join(map(_encode, entries)))
                counts[name] += len(entries)
            yield b"]"
    refuse_erased(stores.database, user_id)
    yield b',\n"counts":' + _encode(ExportedCounts(**counts)) + b"}\n"


def _values(stores: ExportStores, user_id: str) -> UserValues | None:
    """What Redis holds; None: it does not answer, or is another installation's."""
    installation = installation_id(stores.database)
    try:
        return read_user_values(stores.redis_url, user_id, installation=installation, timeout=stores.redis_timeout)
    except StoreUnavailable:
        return None


def _refuse_unknown(head: ExportHead, values: UserValues | None) -> None:
    """Refuse an export of whom no relation names, unless something else does."""
    has_row = any(model.has_row for model in head.models)
    has_said = head.preferences or head.languages or head.sensitive == "hide" or not head.personalised
    if head.suspended_at or head.has_revoked or head.runs or has_row or has_said:
        return
    if values is None:
        raise StoreUnavailable("PostgreSQL holds nothing about the user, and Redis, which may, does not answer")
    if values.is_empty:
        raise ExportRefused("user-unknown", "nothing is held about this user")


def _head(
    stores: ExportStores,
    snapshot: DatabaseSnapshot,
    sources: Sequence[UserSource],
    values: UserValues | None,
    user_id: str,
    now: datetime,
) -> ExportHead:
    models, named = _models(stores.model_dir, snapshot, user_id), runs_that_name(snapshot, user_id)
    said = read_say(snapshot, user_id)
    return ExportHead(
        format=FORMAT,
        user_id=user_id,
        made_at=now,
        missing=[*([MODELS] if models is None else []), *([REDIS] if values is None else [])],
        users=[ExportedUser(home=source.name, created_at=at) for source in sources for at in joined_at(source)],
        suspended_at=suspended_since(snapshot, user_id),
        suspended_in_view=is_suspended_in_view(snapshot, user_id),
        has_revoked=has_revoked(snapshot, user_id),
        preferences=[
            ExportedPreference(
                say=each.say,
                about=each.about,
                target=each.target,
                created_at=each.created_at,
                expires_at=each.expires_at,
            )
            for each in said.preferences
        ],
        languages=list(said.settings.languages),
        sensitive=said.settings.sensitive,
        personalised=said.settings.personalised,
        models=models or [],
        runs=[ExportedRun(run=row.id, job=row.job, finished_at=row.finished_at) for row in named],
        redis=None if values is None else _redis(snapshot, sources, values),
    )


def _models(model_dir: Path, snapshot: DatabaseSnapshot, user_id: str) -> list[ExportedModelRow] | None:
    """Every stored model with whether it has a row for the user; None: its files cannot be read here."""
    versions, id_hash = stored_versions(snapshot), id_hash_of(snapshot, user_id)
    if versions and not has_model_folder(model_dir):
        return None
    try:
        return [
            ExportedModelRow(
                version=each.version, alias=each.alias, has_row=has_user_row(folder, id_hash, sha256=each.sha256)
            )
            for each in versions
            if (folder := model_dir / each.folder).exists()  # older ones are deleted
        ]
    except ArtefactError:
        return None


def _redis(snapshot: DatabaseSnapshot, sources: Sequence[UserSource], values: UserValues) -> ExportedRedis:
    """What Redis holds, without posts that a block withholds: they would tell who has blocked the person."""
    ids = ids_of_numbers(snapshot, values.post_numbers)
    withheld = posts_of_blocked(sources, snapshot, ids.values())
    blocked = blocked_either_way(snapshot, sources[0].user_id)

    def named(post_numbers: Iterable[int]) -> list[str | None]:
        return [ids.get(number) for number in post_numbers]

    def is_shown(number: int) -> bool:
        return ids.get(number) not in withheld

    def listed(ranked: RankedList, rest: bytes = b"") -> dict[str, Any]:
        packed = ranked.entries + rest
        entries = [codec.entry_at(packed, index) for index in range(codec.length_of(packed))]
        posts = [
            ExportedEntry(id=ids.get(number), score=score, reason=reason)
            for number, reason, score in entries
            if is_shown(number)
        ]
        about = {"source": ranked.source, "generation": ranked.generation, "generated_at": ranked.generated_at}
        return {**about, "posts": posts}

    def ends(chain: Chain) -> list[int]:
        numbers = codec.post_numbers_of(chain.frozen.entries + chain.rest)
        return [end - sum(not is_shown(number) for number in numbers[:end]) for end in chain.page_ends]

    return ExportedRedis(
        lists={phase: ExportedList(**listed(ranked)) for phase, ranked in values.lists.items()},
        chains=[
            ExportedChain(
                **listed(each.frozen, each.rest),
                page_ends=ends(each),
                tail=named(filter(is_shown, codec.post_numbers_of(tail.entries + tail.rest))) if tail else [],
            )
            for each, tail in values.chains
        ],
        hidden_posts=named(sorted(values.viewer.hidden_posts)),
        seen_posts=named(values.viewer.seen_posts),
        served_posts=named(values.seen.post_numbers),
        visits=values.seen.first_pages,
        suggestions=[
            ExportedSuggestion(author_id=values.names.get(each.author), score=each.score, reason=each.reason.code)
            for each in (values.suggested.authors if values.suggested else ())
            if each.author not in values.viewer.hidden_authors and values.names.get(each.author) not in blocked
        ],
        asked_at=values.asked_at,
    )


def _posts(snapshot: DatabaseSnapshot, sources: Sequence[UserSource]) -> Iterator[list[ExportedPost]]:
    for source in sources:
        for rows in read_posts(source):
            derived = derived_from_posts(snapshot, [row.id for row in rows if row.id is not None])
            yield [_post(source.name, row, derived.get(row.id, NOTHING_DERIVED)) for row in rows]


def _post(home: str, row: Row, derived: DerivedFromPost) -> ExportedPost:
    return ExportedPost(
        home=home,
        id=row.id,
        caption=row.caption,
        image_url=row.image_url,
        image_urls=row.image_urls,
        created_at=row.created_at,
        deleted_at=row.deleted_at,
        deleted_by_api_at=derived.deleted_by_api_at,
        hidden_at=derived.hidden_at,
        tags=row.tags,
        language=row.language,
        sensitive=row.sensitive,
        number=derived.number,
        vectors=msgspec.convert(derived.vectors, list[ExportedVector]),
        failures=msgspec.convert(derived.failures, list[ExportedFailure]),
        has_fingerprint=derived.has_fingerprint,
    )


def _blocks(sources: Sequence[UserSource]) -> Iterator[list[ExportedBlock]]:
    for source in sources:
        for rows in read_blocks(source):
            yield [_block(source.name, row) for row in rows]


def _block(home: str, row: Row) -> ExportedBlock:
    return ExportedBlock(home=home, blocked_user_id=row.blocked_user_id, created_at=row.created_at)


def _follows(sources: Sequence[UserSource]) -> Iterator[list[ExportedFollow]]:
    for source in sources:
        for rows in read_follows(source):
            yield [ExportedFollow(home=source.name, author_id=row.author_id, created_at=row.created_at) for row in rows]


def _events(sources: Sequence[UserSource]) -> Iterator[list[ExportedEvent]]:
    for source in sources:
        for rows in read_events(source):
            yield [_event(source.name, row) for row in rows]


def _event(home: str, row: Row) -> ExportedEvent:
    feed = row.source and ExportedPosition(source=row.source, generation=row.generation, position=row.position)
    return ExportedEvent(
        home=home,
        post_id=row.post_id,
        kind=row.kind,
        created_at=row.created_at,
        first_at=row.first_at,
        event_id=as_sent(row.event_id),
        feed=feed,
    )


def _encode(value: Struct) -> bytes:
    return msgspec.json.encode(value)  # NaN and infinity become null


def _printable(piece: bytes) -> bytes:
    """The same JSON, safe to print in a terminal: captions and ids come from strangers."""
    return printable_json(piece.decode(), has_lines=True).encode()
