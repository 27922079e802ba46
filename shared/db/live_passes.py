"""Live passes in PostgreSQL: their version, what they have seen, and how an erasure waits for those under way.

A pass holds a shared advisory lock from before it reads until after it has written to Redis. Whoever must not be
overtaken by a pass that has read older data (an erasure, the withdrawal of a model's lists) waits for the exclusive
lock: those who read later know better. The lock costs no write and ends with its connection.

A load of candidates takes too long for that: later passes would wait, too. It holds a lock for which nobody waits, and
an erasure asks PostgreSQL whether a load that may have read the user still holds one.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from shared.db.engine import Database, DatabaseSnapshot, store_errors
from shared.db.relations import id_hash_sql, usable_id_sql
from shared.db.sessions import sqlstate_of
from shared.db.tables import SCHEMA
from shared.db.tombstones import buried
from shared.domain import CLOCK_TOLERANCE, InteractionKind

_LOCK = 0x6C697665  # shared by passes under way
_LOAD_LOCK = 0x6C6F6164  # shared by loads under way; nobody takes it alone
_IDLE = timedelta(seconds=30)  # a pass that stands still for so long loses its transaction, and with it the lock
_IDLE_LOAD = timedelta(minutes=30)  # the same for a load: it may have thousands of photos to encode
_VIEW_ANSWERS = "30s"  # in which the view of events must answer: a process that ends waits for it
_LOCK_NOT_AVAILABLE = "55P03"
# Events that make a list out of date. Views are not among them: pages leave out what was seen, and runs do the rest.
TELLING_KINDS = frozenset(InteractionKind) - {InteractionKind.VIEW}
_KINDS = ", ".join(f"'{kind}'" for kind in sorted(TELLING_KINDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePass:
    """A version, and what was visible when it was taken: whoever took it, or a later one, has read no less."""

    version: int  # of the lists that a pass makes
    oldest: int  # all transactions below it had ended
    next: int  # no transaction from it on had
    under_way: frozenset[int]  # those between the two that had not ended either

    def saw(self, xid: int) -> bool:
        """Whether what a transaction wrote was visible."""
        return xid < self.oldest or (xid < self.next and xid not in self.under_way)


@contextmanager
def live_pass(database: Database) -> Iterator[LivePass]:
    """A pass: what it reads and writes belongs into the block."""
    with database.begin() as connection:
        _hold(connection, _LOCK, _IDLE)
        yield _taken_now(connection)


@contextmanager
def live_load(database: Database) -> Iterator[sa.Connection]:
    """A load of candidates beside the runs, or the publication of their catalogue; an erasure waits for it.

    What is read and written belongs into the block. Yields a connection, which sees each erasure that does not wait.

    Raises:
        StoreUnavailable: at the end of the block: the lock was lost meanwhile, and what was loaded must not be used.
    """
    with database.begin() as connection:
        _hold(connection, _LOAD_LOCK, _IDLE_LOAD)
        yield connection


def _hold(connection: sa.Connection, lock: int, idle: timedelta) -> None:
    """Share a lock until the transaction ends, which PostgreSQL does when nothing is asked of it for so long."""
    limit = sa.func.set_config("idle_in_transaction_session_timeout", f"{idle.total_seconds():.0f}s", sa.true())
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(lock), limit))


def load_under_way(connection: sa.Connection, *, begun_by: datetime) -> bool:
    """Whether a load that began by then has not ended. One of a role whose times we may not see counts as such."""
    query = """
        SELECT EXISTS (
            SELECT FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND (l.classid, l.objid, l.objsubid) = (0, :lock, 1)
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (a.xact_start IS NULL OR a.xact_start <= :begun_by)
        )
        """
    return bool(connection.scalar(sa.text(query), {"lock": _LOAD_LOCK, "begun_by": begun_by}))


def sample_pass(database: Database) -> LivePass:
    """A version and what was visible by then, for `shared.live.missed`."""
    with database.begin() as connection:
        return _taken_now(connection)


def _taken_now(connection: sa.Connection) -> LivePass:
    # The snapshot of a statement is taken before its functions are called, so it is not newer than the version.
    query = f"SELECT pg_current_snapshot()::text, nextval('{SCHEMA}.viewer_versions')"
    snapshot, version = connection.execute(sa.text(query)).one()
    oldest, following, under_way = str(snapshot).split(":")
    return LivePass(
        version=int(version), oldest=int(oldest), next=int(following),
        under_way=frozenset(map(int, under_way.split(","))) if under_way else frozenset(),
    )  # fmt: skip


def wait_for_live_passes(database: Database, *, within: timedelta) -> bool:
    """Wait until all passes that are under way now have ended; False if that took too long.

    Passes that begin meanwhile wait for it.
    """
    try:
        with database.begin() as connection:
            limit = f"{within.total_seconds() * 1000:.0f}ms"
            connection.execute(sa.select(sa.func.set_config("lock_timeout", limit, sa.true())))
            try:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            except sa.exc.DBAPIError as error:
                if sqlstate_of(error.orig) == _LOCK_NOT_AVAILABLE:
                    raise _StillUnderWay from error
                raise
    except _StillUnderWay:
        return False
    return True


class _StillUnderWay(Exception):
    """A pass holds the lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Users whose list may lack an event."""

    newest: Mapping[str, int]  # user -> the newest transaction that wrote, or took back, an event of theirs
    until: int | None  # transaction up to which all are there; None: these are all


def arrived_lately(database: Database, since: int, *, at_most: int) -> Arrived:
    """Users who did or said something, or took it back, in a transaction from `since` on; the oldest first.

    Args:
        database: ours.
        since: transaction.
        at_most: events that are read at once; an import may have written very many.
    """
    query = f"""
        SELECT user_id, changed_xid FROM (
            (SELECT user_id, changed_xid, kind FROM {SCHEMA}.interactions WHERE changed_xid >= :since
             ORDER BY changed_xid LIMIT :at_most)
            UNION ALL
            (SELECT user_id, changed_xid, NULL FROM {SCHEMA}.revoking_users WHERE changed_xid >= :since
             ORDER BY changed_xid LIMIT :at_most)
            UNION ALL
            (SELECT user_id, changed_xid, NULL FROM {SCHEMA}.viewer_settings WHERE changed_xid >= :since
             ORDER BY changed_xid LIMIT :at_most)
        ) AS arrived
        WHERE changed_xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
          AND (kind IS NULL OR kind IN ({_KINDS}))
        ORDER BY changed_xid
        """
    last = " UNION ALL ".join(
        f"""
        (SELECT changed_xid FROM {SCHEMA}.{table} WHERE changed_xid >= :since
         ORDER BY changed_xid OFFSET :at_most - 1 LIMIT 1)
        """
        for table in ("interactions", "revoking_users", "viewer_settings")
    )
    last = f"SELECT min(changed_xid) FROM ({last}) AS ends"
    values = {"since": since, "at_most": at_most}
    with database.begin() as connection:
        until = connection.scalar(sa.text(last), values)
        found = connection.execute(sa.text(query), values)
        return Arrived(newest={user: int(xid) for user, xid in found}, until=None if until is None else int(until))


def mark_of_run(database: Database, job: str) -> int | None:
    """From which transaction on the last run of a job may have missed something; None if no run has noted it."""
    query = f"""
        SELECT (report ->> 'mark')::bigint FROM {SCHEMA}.runs
        WHERE job = :job AND state = 'done' AND report ? 'mark' ORDER BY id DESC LIMIT 1
        """
    with database.begin() as connection:
        mark = connection.scalar(sa.text(query), {"job": job})
    return None if mark is None else int(mark)


def mark_of_last(database: Database, *, within: timedelta) -> int | None:
    """The oldest transaction in which anybody did or said something in the last minutes; None if there is none."""
    query = f"""
        SELECT min(changed_xid) FROM (
            SELECT min(changed_xid) AS changed_xid FROM {SCHEMA}.interactions
            WHERE created_at >= now() - CAST(:within AS interval)
            UNION ALL
            SELECT min(changed_xid) FROM {SCHEMA}.viewer_settings
            WHERE changed_at >= now() - CAST(:within AS interval)
        ) AS oldest
        """
    with database.begin() as connection:
        oldest = connection.scalar(sa.text(query), {"within": within})
    return None if oldest is None else int(oldest)


@dataclass(frozen=True, slots=True)
class Acted:
    """What a user's events in the team's view are since a time."""

    last: datetime  # perhaps ahead of now
    events: int

    def is_more_than(self, known: "Acted | None") -> bool:
        """Whether there is an event that was not known when there were those, since the same time or an earlier one.

        One that is dated ahead hides the times of later ones, but not their number.
        """
        return known is None or self.last > known.last or self.events > known.events


def acted_in_view(snapshot: DatabaseSnapshot, *, since: datetime) -> Mapping[str, Acted]:
    """Users with an event in the team's view dated since a time; nobody without views."""
    source = snapshot.database.source
    if source is None:
        return {}
    query = f"""
        SELECT user_id, max(created_at), count(*) FROM {source.name("interactions")}
        WHERE created_at >= :since AND kind IN ({_KINDS}) AND {usable_id_sql("user_id")} GROUP BY user_id
        """
    with store_errors(source):
        connection = snapshot.connection(source)
        connection.execute(sa.select(sa.func.set_config("statement_timeout", _VIEW_ANSWERS, sa.true())))
        found = connection.execute(sa.text(query), {"since": since})
        return {user: Acted(last, events) for user, last, events in found if last is not None}


def newest_post_at(snapshot: DatabaseSnapshot, *, since: datetime, now: datetime) -> datetime | None:
    """When the newest post was created that is in the relation and newer than a time; None if there is none."""
    ((connection, name),) = snapshot.homes("posts")
    query = f"""
        SELECT max(created_at) FROM {name}
        WHERE created_at > :since AND created_at <= :latest AND deleted_at IS NULL
          AND {usable_id_sql("id", "author_id")}
        """
    at: datetime | None = connection.scalar(sa.text(query), {"since": since, "latest": now + CLOCK_TOLERANCE})
    return at


def ids_of_posts(snapshot: DatabaseSnapshot, users: Collection[str], id_hashes: Collection[int]) -> list[str]:
    """The ids of posts with these hashes on which these users have events.

    The hashes are compared here: some are of posts that were erased or deleted, of which views are told nothing.
    """
    found, wanted = set[str](), frozenset(id_hashes)
    for connection, name in snapshot.homes("interactions"):
        query = f"""
            SELECT DISTINCT post_id, {id_hash_sql("post_id")} FROM {name}
            WHERE user_id = ANY(:users) AND post_id IS NOT NULL
            """
        events = connection.execute(sa.text(query), {"users": list(users)})
        found.update(post_id for post_id, id_hash in events if id_hash in wanted)
    return sorted(found)


def not_erased(snapshot: DatabaseSnapshot, users: Collection[str]) -> list[str]:
    """Those of these users who were not erased, in their order."""
    gone = buried(snapshot.connection(snapshot.database.own), "users", users)
    return [user for user in users if user not in gone]
