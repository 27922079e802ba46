"""Chooses the users of a scoring run: from time to time all, in between those with new events.

An event is new by the time it arrived, not the time it names: phones are offline, some teams upload at night.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from s02_recsys_neucf.settings import ScoreSettings
from s02_recsys_neucf.user_digests import UserDigests
from shared.candidates.ranking_input import RankingInput
from shared.db.arrivals import arrived_since, revoked_since
from shared.db.engine import Database
from shared.db.job_memory import remembered
from shared.db.runs import recent_runs
from shared.settings import HeuristicSettings, ListSettings, RetentionSettings, WindowSettings

JOB = "score"
OVERLAP = timedelta(minutes=5)  # for requests of pages, which are timed by this machine's clock
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class LastScoringRun:
    """What the next run needs to know of the last successful one."""

    id: int
    started_at: datetime
    mark: int  # of arrivals
    same_settings: bool  # it used the present settings
    allows_partial: bool  # the next run may be partial


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChosenUsers:
    """The users that a run scores, and what it stores for the next one."""

    users: npt.NDArray[np.int64]  # indices in `inputs.users`
    is_partial: bool
    drop_if_cold: frozenset[str]  # users whose list is dropped if they are now cold
    digests: UserDigests | None  # over views


def settings_hash(
    lists: ListSettings,
    window: WindowSettings,
    formula: HeuristicSettings,
    score: ScoreSettings,
    retention: RetentionSettings,
) -> str:
    """A hash of all settings that shape the lists; when it changes, the next run scores all users."""
    plain = {
        "lists": lists.model_dump(mode="json"),
        "window": window.model_dump(mode="json"),
        "formula": formula.model_dump(mode="json"),
        "history_days": score.history_days,
        "keep_days": retention.model_dump(mode="json")["keep_days"],
    }
    return blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=8).hexdigest()


def last_run(
    database: Database, *, model: int, settings: str, full_hours: float, now: datetime
) -> LastScoringRun | None:
    """The last successful run that published lists; None if no report holds what this version needs."""
    done = [run for run in recent_runs(database, limit=200, job=JOB) if run["state"] == "done"]
    scored = [run for run in done if "mark" in (run["report"] or {})]
    if not scored:
        return None
    full = next((run for run in scored if not run["report"]["partial"]), None)
    is_fresh = full is not None and now - full["started_at"] <= timedelta(hours=full_hours)
    last = scored[0]
    same_settings = last["report"]["settings"] == settings
    return LastScoringRun(
        id=last["id"],
        started_at=last["started_at"],
        mark=last["report"]["mark"],
        same_settings=same_settings,
        allows_partial=is_fresh and same_settings and full is not None and full["report"]["model"] == model,
    )


def choose_users(
    database: Database,
    inputs: RankingInput,
    last: LastScoringRun | None,
    *,
    mark: int,
    full_hours: float,
    has_lists: bool,
    now: datetime,
) -> ChosenUsers:
    """All users, or those with new events since the last run.

    Args:
        database: ours.
        inputs: the active users and their events.
        last: the last successful run, if any.
        mark: of arrivals, taken before the inputs were read.
        full_hours: time between two runs over all users.
        has_lists: whether Redis holds the lists of the last run.
        now: time of the run.
    """
    # The database was restored from a backup: its numbering went back.
    was_restored = last is not None and mark < last.mark
    drop_if_cold = (
        frozenset(revoked_since(database, last.mark)) if last is not None and not was_restored else frozenset()
    )
    before = _digests_before(database, last)
    # All events from this time on will still be loaded by the last partial run that builds on this one.
    counted_from = _oldest(inputs, now) + timedelta(hours=full_hours).total_seconds()
    all_users = partial(_all_users, database, inputs, last, drop_if_cold, counted_from)
    if last is None or not last.allows_partial or not has_lists or was_restored:
        return all_users()
    is_active = inputs.users.active_at >= (last.started_at - OVERLAP).timestamp()
    arrived = arrived_since(database, last.mark)
    is_chosen = is_active | np.fromiter((user in arrived for user in inputs.users.ids), bool, len(inputs.users))
    if not database.has_views:
        return ChosenUsers(users=np.flatnonzero(is_chosen), is_partial=True, drop_if_cold=drop_if_cold, digests=None)
    if before is None or before.since < _oldest(inputs, now):
        return all_users()
    digests = UserDigests.of(inputs.events, since=before.since)
    is_chosen |= np.isin(inputs.users.id_hashes, digests.changed_from(before))
    return ChosenUsers(users=np.flatnonzero(is_chosen), is_partial=True, drop_if_cold=drop_if_cold, digests=digests)


def _all_users(
    database: Database, inputs: RankingInput, last: LastScoringRun | None, drop_if_cold: frozenset[str], since: float
) -> ChosenUsers:
    digests = UserDigests.of(inputs.events, since=since) if database.has_views else None
    changed = last is not None and not last.same_settings
    return ChosenUsers(
        users=np.arange(len(inputs.users)),
        is_partial=False,
        drop_if_cold=frozenset(inputs.users.ids) if changed else drop_if_cold,
        digests=digests,
    )


def _digests_before(database: Database, last: LastScoringRun | None) -> UserDigests | None:
    if last is None or not database.has_views:
        return None
    value = remembered(database, JOB, run_id=last.id)
    return None if value is None else UserDigests.from_bytes(value)


def _oldest(inputs: RankingInput, now: datetime) -> float:
    """The time from which `inputs` hold all events, in seconds since 1970."""
    return max(0.0, float(inputs.posts.created_at.min(initial=now.timestamp()))) - SECONDS_PER_DAY
