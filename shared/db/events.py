"""Events from the API: one transaction with a few statements stores several batches; repeating it changes nothing.

In both data modes they are stored in our own table. With views, the relation is the union of the view and this table.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from shared.db.array_literals import number_array, text_array, time_array
from shared.db.arrivals import note_revoked
from shared.db.engine import Database
from shared.db.event_facts import EventFacts, facts_of
from shared.db.event_ids import IS_NAMED_SQL
from shared.db.feed_counts import FeedKey, count_events, discount_events, newest_generation
from shared.db.known_users import add_missing_users
from shared.db.repeats import ON_REPEAT
from shared.db.safety import visibility_of_posts
from shared.db.safety_outbox import SafetyChange, note_change
from shared.db.tables import SCHEMA
from shared.db.tombstones import buried, hold_off_erasures
from shared.domain import InteractionKind
from shared.errors import SourceError, StoreUnavailable

EventKey = tuple[str, ...]  # (event id,) or (user, post, kind)
USER_ERASED, POST_UNKNOWN, POST_DELETED = "user-erased", "post-unknown", "post-deleted"


class FeedPosition(Struct, frozen=True, kw_only=True, gc=False):
    """The page on which an event happened."""

    source: str
    generation: int
    position: int  # of the page's first post in its chain


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """What a user did with a post; already validated."""

    user_id: str
    post_id: str
    kind: InteractionKind
    at: datetime
    event_id: str | None = None
    feed_position: FeedPosition | None = None
    first_at: datetime | None = None  # its first time, if it is several that were merged; `at` is the last


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """The result of a batch. Events that were neither refused nor new were there already."""

    new: int
    refused: Mapping[int, str]  # index in the batch → reason
    post_numbers: Mapping[str, int]  # post → number, for posts of stored events that have one
    hides: SafetyChange = field(default_factory=SafetyChange)  # what Redis must learn of hidden posts


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedBatch:
    """The result of taking events back."""

    events: int  # how many of the batch had something to take back
    hides: SafetyChange


_COLUMNS = """
    unnest(CAST(:users AS text[]), CAST(:posts AS text[]), CAST(:kinds AS text[]), CAST(:times AS timestamptz[]),
           CAST(:event_ids AS text[]), CAST(:sources AS text[]), CAST(:generations AS bigint[]),
           CAST(:positions AS int[]), CAST(:first_times AS timestamptz[]))
    """
_INSERT = f"""
    INSERT INTO {SCHEMA}.interactions AS kept
        (user_id, post_id, kind, created_at, event_id, source, generation, position, first_at)
    SELECT * FROM {_COLUMNS}
    """
_BY_EVENT_ID = "ON CONFLICT (event_id) WHERE event_id IS NOT NULL DO NOTHING"
# `xmax` is 0 in a row that the statement inserted, and set in one that it changed.
_IS_NEW = "xmax = 0"


_REVOKED = """
    unnest(CAST(:users AS text[]), CAST(:posts AS text[]), CAST(:kinds AS text[]), CAST(:event_ids AS text[]))
        WITH ORDINALITY AS t(user_id, post_id, kind, event_id, index)
    """
_IS_REVOKED = f"""
    i.user_id = t.user_id AND i.post_id = t.post_id AND i.kind = t.kind
    AND (t.event_id IS NULL OR {IS_NAMED_SQL})
    """
# Rows are locked in the order in which `store_events` writes them, which is Python's sort order, against deadlocks. It
# is a statement of its own, so that the DELETE sees what was changed meanwhile.
_LOCK_IN_ORDER = f"""
    SELECT 1 FROM {SCHEMA}.interactions i, {_REVOKED} WHERE {_IS_REVOKED}
    ORDER BY i.event_id IS NOT NULL, i.event_id COLLATE "C", i.user_id COLLATE "C", i.post_id COLLATE "C",
        i.kind COLLATE "C"
    FOR UPDATE OF i
    """
_REVOKE = f"""
    DELETE FROM {SCHEMA}.interactions i USING {_REVOKED} WHERE {_IS_REVOKED}
    RETURNING t.index, i.source, i.generation, i.kind, i.user_id
    """


def store_events(database: Database, events: Sequence[Event]) -> StoredBatch:
    """Store a batch of events; see `store_batches`."""
    (stored,) = store_batches(database, [events])
    return stored


def store_batches(database: Database, batches: Sequence[Sequence[Event]]) -> list[StoredBatch]:
    """Store batches of events in one transaction; new events are durable when this returns.

    Each batch gets its result as if the earlier ones had been stored before it. The hides of all batches are recorded
    as one change, which is returned for each batch with a hide. Events of erased users are refused, and events on posts
    that were deleted or are not in the relation. Users need not be in the relation: in our own table an event adds its
    user, and with views it counts as soon as the view has its user. If a view does not answer, no event is refused
    because of it.
    """
    events = [event for batch in batches for event in batch]
    in_view = _in_view(database, events)
    with database.begin() as connection:
        hold_off_erasures(connection)
        facts = facts_of(connection, {event.user_id for event in events}, {event.post_id for event in events})
        refused = _refusals(events, facts, facts.visible if in_view is None else in_view)
        events = _without_future_pages(connection, events)
        kept_of_each = [
            [events[index] for index in range(start, start + len(batch)) if index not in refused]
            for batch, start in _with_starts(batches)
        ]
        kept = [event for batch in kept_of_each for event in batch]
        if not database.has_views:
            add_missing_users(connection, _first_acts(kept, of=facts.missing_users))
        unnamed, named = _latest_of_batches(kept_of_each), _first_of_each(kept)
        counts: Counter[FeedKey] = Counter()
        inserts = [(events, conflict) for events, conflict in ((unnamed, ON_REPEAT), (named, _BY_EVENT_ID)) if events]
        if len(batches) == 1:
            new = [sum(_insert_counted(connection, *each, counts) for each in inserts)]
        else:
            new = _new_of_each(kept_of_each, set().union(*(_insert(connection, *each, counts) for each in inserts)))
        count_events(connection, counts)
        hides = note_change(connection, user_ids=_hiders(kept))
    return [
        StoredBatch(
            new=new_here,
            refused={index: refused[start + index] for index in range(len(batch)) if start + index in refused},
            post_numbers=facts.post_numbers,
            hides=hides if _hiders(kept_here) else SafetyChange(),
        )
        for (batch, start), kept_here, new_here in zip(_with_starts(batches), kept_of_each, new, strict=True)
    ]


def _with_starts(batches: Sequence[Sequence[Event]]) -> Iterator[tuple[Sequence[Event], int]]:
    """Batches, each with the index of its first event among those of all."""
    start = 0
    for batch in batches:
        yield batch, start
        start += len(batch)


def _new_of_each(batches: Sequence[Sequence[Event]], new: set[EventKey]) -> list[int]:
    """How many events of each batch are new, given the keys of all new ones; each is new in the first batch only."""
    counts = list[int]()
    for batch in batches:
        first = new.intersection(map(_key_of, batch))
        new = new - first
        counts.append(len(first))
    return counts


def revoke_events(database: Database, events: Sequence[Event]) -> RevokedBatch:
    """Take events back.

    An event with an id takes back that event; one without an id, all of its user, post and kind. Events in the team's
    own relation are not changed.
    """
    wanted = dict.fromkeys((event.user_id, event.post_id, event.kind.value, event.event_id) for event in events)
    users, posts, kinds, event_ids = zip(*wanted, strict=True) if wanted else ((), (), (), ())
    values = {"users": list(users), "posts": list(posts), "kinds": list(kinds), "event_ids": list(event_ids)}
    with database.begin() as connection:
        hold_off_erasures(connection)
        connection.execute(sa.text(_LOCK_IN_ORDER), values)
        gone = connection.execute(sa.text(_REVOKE), values).all()
        discount_events(connection, Counter((row[1], row[2], row[3]) for row in gone if row[1] is not None))
        hiders = _hiders(events)
        hides = note_change(connection, user_ids=hiders - buried(connection, "users", sorted(hiders)))
        note_revoked(connection, {row[4] for row in gone})
    return RevokedBatch(events=len({index for index, *_ in gone}), hides=hides)


def _hiders(events: Iterable[Event]) -> set[str]:
    """Users whose hidden posts these events change."""
    return {event.user_id for event in events if event.kind is InteractionKind.HIDE}


def _in_view(database: Database, events: Sequence[Event]) -> Mapping[str, bool] | None:
    """Which posts are in the team's view, and whether they are visible; None if the relations are our own tables."""
    if not database.has_views:
        return None
    ids = sorted({event.post_id for event in events})
    try:
        with database.read() as snapshot:
            return visibility_of_posts(snapshot, ids)
    except (StoreUnavailable, SourceError):  # a lost event is worse than one on a missing post
        return dict.fromkeys(ids, True)


def _refusals(events: Sequence[Event], facts: EventFacts, visible: Mapping[str, bool]) -> dict[int, str]:
    refused: dict[int, str] = {}
    for index, event in enumerate(events):
        if event.user_id in facts.erased_users:
            refused[index] = USER_ERASED
        elif event.post_id in facts.deleted_posts or visible.get(event.post_id) is False:
            refused[index] = POST_DELETED
        elif event.post_id not in visible:
            refused[index] = POST_UNKNOWN
    return refused


def _without_future_pages(connection: sa.Connection, events: list[Event]) -> list[Event]:
    """The events; a feed position of a generation that does not exist yet is dropped, since it counts for no feed."""
    if not any(event.feed_position for event in events):
        return events
    newest = newest_generation(connection)
    return [
        replace(event, feed_position=None) if event.feed_position and event.feed_position.generation > newest else event
        for event in events
    ]


def _first_acts(events: Sequence[Event], *, of: Collection[str]) -> dict[str, datetime]:
    """When each of these users acted first."""
    first: dict[str, datetime] = {}
    for event in events if of else ():
        if event.user_id in of:
            first[event.user_id] = min(event.at, first.get(event.user_id, event.at))
    return first


def _key_of(event: Event) -> EventKey:
    """What identifies an event: its id, or its user, post and kind."""
    return (event.event_id,) if event.event_id is not None else (event.user_id, event.post_id, event.kind)


def _latest_of_batches(batches: Sequence[Sequence[Event]]) -> list[Event]:
    """One event of each user, post and kind, without ids, as if batch after batch had been stored.

    One statement may change a row only once. The feed of the first batch counts, and the first and last time of all.
    """
    latest: dict[EventKey, Event] = {}
    for batch in batches:
        for key, event in _latest_of_each(batch).items():
            first = latest.get(key)
            latest[key] = event if first is None else _with_times_of(first, event)
    return [latest[key] for key in sorted(latest)]  # concurrent batches write the rows in the same order


def _latest_of_each(events: Sequence[Event]) -> dict[EventKey, Event]:
    """The latest event without an id of each user, post and kind, with the first time of all."""
    latest: dict[EventKey, Event] = {}
    for event in events:
        if event.event_id is None:
            key = _key_of(event)
            known = latest.get(key)
            if known is None:
                latest[key] = event
            else:
                latest[key] = _with_times_of(*((event, known) if event.at > known.at else (known, event)))
    return latest


def _with_times_of(event: Event, other: Event) -> Event:
    """The event, at the last time of both, and with the first one."""
    times = [at for each in (event, other) for at in (each.first_at, each.at) if at is not None]
    first, last = min(times), max(times)
    return event if first == last else replace(event, at=last, first_at=first)


def _first_of_each(events: Sequence[Event]) -> list[Event]:
    """The first event of each event id."""
    first: dict[str, Event] = {}
    for event in events:
        if event.event_id is not None:
            first.setdefault(event.event_id, event)
    return [first[event_id] for event_id in sorted(first)]


def _insert(
    connection: sa.Connection, events: Sequence[Event], on_conflict: str, counts: Counter[FeedKey]
) -> set[EventKey]:
    """Insert events and add the new ones to the counts of their feeds; returns the keys of the new ones."""
    statement = f"{_INSERT} {on_conflict} RETURNING {_IS_NEW}, source, generation, kind, user_id, post_id, event_id"
    new: set[EventKey] = set()
    for is_new, source, generation, kind, user_id, post_id, event_id in connection.execute(
        sa.text(statement), _columns_of(events)
    ):
        if is_new:
            new.add((event_id,) if event_id is not None else (user_id, post_id, kind))
            if source is not None:
                counts[source, generation, kind] += 1
    return new


def _insert_counted(
    connection: sa.Connection, events: Sequence[Event], on_conflict: str, counts: Counter[FeedKey]
) -> int:
    """The same for a batch by itself, where it does not matter which are new; returns how many are."""
    statement = f"""
        WITH kept AS ({_INSERT} {on_conflict} RETURNING {_IS_NEW} AS is_new, source, generation, kind)
        SELECT source, generation, kind, count(*) FROM kept WHERE is_new GROUP BY source, generation, kind
        """
    found = connection.execute(sa.text(statement), _columns_of(events)).all()
    for source, generation, kind, count in found:
        if source is not None:
            counts[source, generation, kind] += count
    return sum(row[3] for row in found)


def _columns_of(events: Sequence[Event]) -> dict[str, str]:
    """Events as columns for `_INSERT`. One without any value is empty: `unnest` fills it up with NULL."""
    ids = [event.event_id for event in events]
    firsts = [event.first_at for event in events]
    pages = [event.feed_position for event in events]
    if not any(pages):
        pages = []
    return {
        "users": text_array([event.user_id for event in events]),
        "posts": text_array([event.post_id for event in events]),
        "kinds": text_array([event.kind for event in events]),
        "times": time_array([event.at for event in events]),
        "event_ids": text_array(ids if any(ids) else []),
        "sources": text_array([page.source if page else None for page in pages]),
        "generations": number_array([page.generation if page else None for page in pages]),
        "positions": number_array([page.position if page else None for page in pages]),
        "first_times": time_array(firsts if any(firsts) else []),
    }
