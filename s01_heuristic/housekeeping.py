"""Removes what is not kept any longer, a bounded time after each publication.

At most half of the time is spent in transactions, so that the intake of events has the other half for itself.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.db.engine import Database
from shared.db.retention import (
    CONTENT_KEPT_FOR,
    ROWS_AT_ONCE,
    clear_deleted_posts,
    drop_old_records,
    remove_old_events,
)
from shared.db.runs import last_report
from shared.domain import InteractionKind
from shared.errors import LeaseLost, WarmlineError
from shared.logs import log_trouble, stage
from shared.run_progress import ReportProgress
from shared.settings import RetentionSettings

BUDGET = timedelta(seconds=10)  # of one run; what is left waits for the next one
ALL_EVERY = timedelta(days=1)  # how often everything is looked at, not only what has become old since the last run
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # nothing is older, as in the API


@dataclass(slots=True, kw_only=True)
class Housekeeping:
    """What was removed, and how far the work has come: the part of a run's report that the next run continues."""

    kept_since: dict[InteractionKind, datetime] = field(default_factory=dict)  # none older is left of these kinds
    events_looked_at: datetime = BEGINNING  # when all old events were looked at
    rest_looked_at: datetime = BEGINNING  # when all other tables were
    removed: dict[str, int] = field(default_factory=dict)  # events by kind
    posts_cleared: int = 0
    records: int = 0
    behind: bool = False  # old events are left for the next run
    failed: str | None = None

    @classmethod
    def after(cls, report: Mapping[str, Any] | None) -> "Housekeeping":
        """Continues the work of an earlier run; from the beginning if it has no such report."""
        known = (report or {}).get("housekeeping")
        if known is None:
            return cls()
        return cls(
            kept_since={InteractionKind(kind): _time(at) for kind, at in known["kept_since"].items()},
            events_looked_at=_time(known["events_looked_at"]),
            rest_looked_at=_time(known["rest_looked_at"]),
        )

    def as_report(self, seconds: float) -> dict[str, Any]:
        """As JSON values."""
        return {
            "removed": self.removed,
            "posts_cleared": self.posts_cleared,
            "records": self.records,
            "behind": self.behind,
            "kept_since": {kind.value: at.isoformat() for kind, at in self.kept_since.items()},
            "events_looked_at": self.events_looked_at.isoformat(),
            "rest_looked_at": self.rest_looked_at.isoformat(),
            "seconds": seconds,
        } | ({"failed": self.failed} if self.failed else {})


def keep_house(
    database: Database,
    retention: RetentionSettings,
    now: datetime,
    report_progress: ReportProgress,
    *,
    job: str,
    budget: timedelta = BUDGET,
) -> dict[str, Any]:
    """Remove what is too old, for some seconds; returns the part of the run's report. A failure does not end the run.

    Raises:
        LeaseLost: another run took over, and goes on.
    """
    report_progress("housekeeping", 0, 1)
    begun = time.monotonic()
    last = last_report(database, job)
    work = Housekeeping.after(last["report"] if last is not None else None)
    with stage("heuristic.housekeeping") as facts:
        try:
            _work(database, work, retention.kept_since(now), now, _turns(budget))
        except LeaseLost:
            raise
        except WarmlineError as error:  # the lists are published: that they are fresh must not depend on this
            work.failed = str(error)
            log_trouble("heuristic.housekeeping_failed", reason=error)
        facts.update(events=sum(work.removed.values()), posts=work.posts_cleared, behind=work.behind)
    return work.as_report(round(time.monotonic() - begun, 3))


def _work(
    database: Database,
    work: Housekeeping,
    kept_since: Mapping[InteractionKind, datetime],
    now: datetime,
    turns: Iterator[None],
) -> None:
    if now - work.events_looked_at >= ALL_EVERY:
        work.kept_since, work.events_looked_at = {}, now  # an import, or a clock that was set, may bring older ones
    work.kept_since = {kind: work.kept_since.get(kind, BEGINNING) for kind in kept_since}
    for kind, before in kept_since.items():
        _remove_events(database, work, kind, before, turns)
    if now - work.rest_looked_at >= ALL_EVERY:
        work.records += drop_old_records(database)
        _clear_posts(database, work, now, turns)


def _remove_events(
    database: Database, work: Housekeeping, kind: InteractionKind, before: datetime, turns: Iterator[None]
) -> None:
    for _ in turns:
        gone = remove_old_events(database, kind, since=work.kept_since[kind], before=before)
        work.removed[kind.value] = work.removed.get(kind.value, 0) + gone.count
        if gone.is_last:
            work.kept_since[kind] = max(before, work.kept_since[kind])
            return
        work.kept_since[kind] = gone.until or work.kept_since[kind]
    work.behind = True


def _clear_posts(database: Database, work: Housekeeping, now: datetime, turns: Iterator[None]) -> None:
    for _ in turns:
        cleared = clear_deleted_posts(database, before=now - CONTENT_KEPT_FOR)
        work.posts_cleared += cleared
        if cleared < ROWS_AT_ONCE:
            work.rest_looked_at = now
            return


def _turns(budget: timedelta) -> Iterator[None]:
    """Turns until the time is over, at least one; after each, a pause as long as the turn took."""
    ends = time.monotonic() + budget.total_seconds()
    while True:
        begun = time.monotonic()
        yield
        if time.monotonic() >= ends:
            return
        time.sleep(time.monotonic() - begun)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
