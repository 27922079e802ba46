"""Decides which events of a batch are accepted, and why the others are rejected. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.db.events import POST_DELETED, POST_UNKNOWN, USER_ERASED, Event
from shared.domain import InteractionKind, is_usable_id
from shared.signing import SigningKeys
from timeline.feed.feed_id import parse_feed_id

OLDEST = datetime(1970, 1, 1, tzinfo=UTC)  # as in `warmline import`: an earlier time is some program's zero value
MAX_SHOWN = 100  # characters of a field's name
EVERYTHING: Mapping[InteractionKind, datetime] = {}
FIELDS = frozenset({"user_id", "post_id", "kind", "created_at", "event_id", "feed_id"})
_KINDS = {kind.value: kind for kind in InteractionKind}


class Rejection(StrEnum):
    """Why an event was rejected. The values are part of the API and never change their meaning."""

    NOT_AN_OBJECT = "not-an-object"
    UNKNOWN_FIELD = "unknown-field"
    USER_ID = "user-id-unusable"
    POST_ID = "post-id-unusable"
    KIND = "kind-unknown"
    EVENT_ID = "event-id-unusable"
    EVENT_ID_MISSING = "event-id-missing"  # of a comment: a user may comment twice
    TIME = "created-at-unreadable"
    NO_ZONE = "created-at-without-zone"
    BEFORE_1970 = "created-at-before-1970"
    TOO_OLD = "created-at-too-old"  # events of this kind and age are not kept (WARMLINE_KEEP_DAYS)
    USER_ERASED = USER_ERASED
    POST_UNKNOWN = POST_UNKNOWN
    POST_DELETED = POST_DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBatch:
    """A checked batch: the accepted events by their index, and why the others were rejected."""

    events: Mapping[int, Event]
    rejected: Mapping[int, Rejection]
    unknown_fields: Mapping[int, str]  # by index: the name, shortened


class _Rejected(ValueError):
    def __init__(self, reason: Rejection, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


def check_events(
    batch: Sequence[object],
    *,
    now: datetime,
    keys: SigningKeys,
    kept_since: Mapping[InteractionKind, datetime] = EVERYTHING,
) -> CheckedBatch:
    """Check a batch, each event separately.

    Args:
        batch: what the client sent, of any shape.
        now: the time of events that have none, or a later one (promise 11).
        keys: verify feed ids.
        kept_since: for some kinds, the time of the oldest event that is accepted. A repeat of an event that was removed
            because of its age must not count a second time.
    """
    events: dict[int, Event] = {}
    rejected: dict[int, Rejection] = {}
    unknown_fields: dict[int, str] = {}
    for index, raw in enumerate(batch):
        try:
            event = _event(raw, now, keys)
            events[index] = _kept(event, kept_since) if kept_since else event
        except _Rejected as error:
            rejected[index] = error.reason
            if error.field is not None:
                unknown_fields[index] = error.field
    return CheckedBatch(events=events, rejected=rejected, unknown_fields=unknown_fields)


def _event(raw: object, now: datetime, keys: SigningKeys) -> Event:
    if not isinstance(raw, dict):
        raise _Rejected(Rejection.NOT_AN_OBJECT)
    if not FIELDS.issuperset(raw):
        # Replaces half surrogates, which are not UTF-8.
        name = min(raw.keys() - FIELDS)[:MAX_SHOWN].encode(errors="replace").decode()
        raise _Rejected(Rejection.UNKNOWN_FIELD, name)
    user_id = _id(raw.get("user_id"), Rejection.USER_ID)
    post_id = _id(raw.get("post_id"), Rejection.POST_ID)
    kind = _kind(raw.get("kind"))
    event_id = raw.get("event_id")
    if event_id is not None:
        event_id = _id(event_id, Rejection.EVENT_ID)
    elif kind is InteractionKind.COMMENT:
        raise _Rejected(Rejection.EVENT_ID_MISSING)
    feed = raw.get("feed_id")
    return Event(
        user_id=user_id,
        post_id=post_id,
        kind=kind,
        at=_time(raw.get("created_at"), now),
        event_id=event_id,
        feed_position=None if feed is None else parse_feed_id(feed, user_id=user_id, keys=keys),
    )


def _kept(event: Event, kept_since: Mapping[InteractionKind, datetime]) -> Event:
    if event.kind in kept_since and event.at < kept_since[event.kind]:
        raise _Rejected(Rejection.TOO_OLD)
    return event


def _id(value: object, reason: Rejection) -> str:
    if isinstance(value, str) and is_usable_id(value):
        return value
    raise _Rejected(reason)


def _kind(value: object) -> InteractionKind:
    kind = _KINDS.get(value) if isinstance(value, str) else None
    if kind is None:
        raise _Rejected(Rejection.KIND)
    return kind


def _time(value: object, now: datetime) -> datetime:
    if value is None:
        return now
    if not isinstance(value, str):
        raise _Rejected(Rejection.TIME)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise _Rejected(Rejection.TIME) from None
    if at.tzinfo is None:
        raise _Rejected(Rejection.NO_ZONE)
    if at < OLDEST:  # years 1 and 9999 may be none in UTC, but they compare
        raise _Rejected(Rejection.BEFORE_1970)
    return now if at > now else at.astimezone(UTC)
