"""Bulk loads of interactions, as numpy columns (see `shared.db.bulk`).

Rankings that are made now need the last time of a repeated event. What looks back at earlier times, as training and its
evaluation do, or at the order of somebody's likes, also needs the first one (`with_first_times`): there the event is
loaded as two, so that each earlier time has what was known then. Times between the two are not kept (see
`shared.db.repeats`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from shared.db.binary_copy import copy_binary, joined
from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import buried_user_id_hashes, known_user_id_hashes, silent_user_id_hashes
from shared.db.key_set import IdHashSet
from shared.db.relations import has_optional, id_hash_sql, usable_id_sql
from shared.db.timestamps import seconds_sql
from shared.db.tombstones import buried_in_views
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events

_USER_BATCH = 5_000
KeptSince = Mapping[InteractionKind, datetime]
EVERYTHING: KeptSince = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEvents:
    """Interactions, by whether they raise anything: their user is in the view of users (where there is one), not
    suspended, and personalised.
    """

    counted: Events
    uncounted: Events  # what these users hid or saw is still withheld from them, but adds to no score
    silent: Events  # of suspended users: the same, and a list of their own is made from it; of those not personalised


def load_events(
    snapshot: DatabaseSnapshot,
    *,
    since: datetime,
    now: datetime,
    kept_since: KeptSince = EVERYTHING,
    with_first_times: bool = False,
) -> Events:
    """Interactions since a time of users who raise something (`LoadedEvents`); a time ahead becomes now (promise 11).

    Args:
        snapshot: of the relations.
        since: time of the oldest event that is read.
        now: time of the run.
        kept_since: for some kinds a later time of the oldest event (`RetentionSettings.kept_since`), also in views, so
            that a result depends neither on when events are removed nor on how they came.
        with_first_times: load a repeated event twice, at its first and at its last time. A first time that is older
            than `since` or `kept_since` is not read, like any other event of that time.
    """
    span = _Span(since=since, now=now, kept_since=kept_since)
    return _by_user(snapshot, _events(snapshot, span, with_first_times=with_first_times)).counted


def load_all_events(
    snapshot: DatabaseSnapshot,
    *,
    since: datetime,
    now: datetime,
    kept_since: KeptSince = EVERYTHING,
    with_first_times: bool = False,
) -> LoadedEvents:
    """The same, and also those of users who do not count."""
    span = _Span(since=since, now=now, kept_since=kept_since)
    return _by_user(snapshot, _events(snapshot, span, with_first_times=with_first_times))


def _by_user(snapshot: DatabaseSnapshot, events: Events) -> LoadedEvents:
    known = snapshot.once(known_user_id_hashes)
    counts = known.contains(events.user_id_hashes) if known is not None else np.ones(len(events), np.bool_)
    silent = snapshot.once(silent_user_id_hashes)
    is_silent = counts & silent.contains(events.user_id_hashes) if len(silent) else np.zeros_like(counts)
    raises = counts & ~is_silent
    # Nearly always all of them count, so no column has to be copied.
    counted, uncounted = events if raises.all() else events.where(raises), events.where(~counts)
    gone = snapshot.once(buried_user_id_hashes)
    if len(gone):
        uncounted = uncounted.where(~IdHashSet.of(gone).contains(uncounted.user_id_hashes))
    return LoadedEvents(counted=counted, uncounted=uncounted, silent=events.where(is_silent))


def load_events_of(
    snapshot: DatabaseSnapshot,
    user_ids: Sequence[str],
    *,
    since: datetime,
    now: datetime,
    kept_since: KeptSince = EVERYTHING,
    with_first_times: bool = False,
) -> Events:
    """The same for some users, who must all count; uses the index on users."""
    span = _Span(since=since, now=now, kept_since=kept_since)
    parts, gone = [], buried_in_views(snapshot, "users", user_ids)
    alive = [user_id for user_id in user_ids if user_id not in gone]
    for start in range(0, len(alive), _USER_BATCH):
        names = ",".join(sql_text(user_id) for user_id in alive[start : start + _USER_BATCH])
        condition = f"user_id IN ({names})"
        parts.append(_events(snapshot, span, condition=condition, with_first_times=with_first_times))
    return Events(
        user_id_hashes=np.concatenate([np.empty(0, np.int64), *(part.user_id_hashes for part in parts)]),
        post_id_hashes=np.concatenate([np.empty(0, np.int64), *(part.post_id_hashes for part in parts)]),
        kinds=np.concatenate([np.empty(0, np.int16), *(part.kinds for part in parts)]),
        at=np.concatenate([np.empty(0, np.float64), *(part.at for part in parts)]),
    )


def sql_text(text: str) -> str:
    """A text as an SQL literal, for COPY, which has no parameters."""
    if "\\" in text or "\0" in text:
        return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace("\0", "") + "'"
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """The times whose events are read."""

    since: datetime
    now: datetime
    kept_since: KeptSince

    def holds(self, column: str) -> str:
        """The SQL of a condition: this time is not older than `since`, nor than its kind is kept."""
        later = {kind: at for kind, at in self.kept_since.items() if at > self.since}
        of_kinds = (f"(kind <> '{kind}' OR {column} >= {_time_sql(at)})" for kind, at in later.items())
        return " AND ".join([f"{column} >= {_time_sql(self.since)}", *of_kinds])

    def seconds(self, column: str) -> str:
        """The SQL of this time in seconds since 1970; a time ahead becomes now."""
        return f"least({seconds_sql(column)}, {self.now.timestamp()!r}::float8)"


def _time_sql(at: datetime) -> str:
    return f"'{at.isoformat()}'::timestamptz"


def _events(
    snapshot: DatabaseSnapshot, span: _Span, *, condition: str = "true", with_first_times: bool = False
) -> Events:
    codes = " ".join(f"WHEN '{kind}' THEN {code}" for kind, code in KIND_CODES.items())
    kinds = ",".join(f"'{kind}'" for kind in KIND_CODES)
    columns = f"{id_hash_sql('user_id')}, {id_hash_sql('post_id')}, (CASE kind {codes} END)::int2"
    # In our own tables, ids were checked on arrival; unusable post ids match no post anyway.
    has_user = usable_id_sql("user_id") if snapshot.database.has_views else "user_id IS NOT NULL"
    wanted = f"{span.holds('created_at')} AND {condition} AND kind IN ({kinds}) AND {has_user} AND post_id IS NOT NULL"
    fields = {"user": ">i8", "post": ">i8", "kind": ">i2", "at": ">f8"}
    parts = []
    for home in snapshot.database.homes("interactions"):
        connection = snapshot.connection(home)
        rows_of = {"created_at": wanted}
        if with_first_times and has_optional(connection, home, "interactions", "first_at"):
            # A query of its own: few rows have a first time, and two times of one row take longer than a second scan.
            rows_of["first_at"] = f"first_at < created_at AND {span.holds('first_at')} AND {wanted}"
        for time, rows in rows_of.items():
            query = f"SELECT {columns}, {span.seconds(time)} FROM {home.name('interactions')} WHERE {rows}"
            parts.append(copy_binary(connection, query, fields))
    user, post, kind, at = (joined([part[name] for part in parts]) for name in fields)
    return Events(user_id_hashes=user, post_id_hashes=post, kinds=kind, at=at)
