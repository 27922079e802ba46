"""`warmline phase`: shows and switches the phase."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.db.engine import Database
from shared.db.models import champion, last_demotion
from shared.db.phases import change_phase, installation_id, phase_history, read_phase
from shared.domain import Phase, PhaseState
from shared.errors import ConfigurationError, ForeignInstallation, StoreUnavailable
from shared.ranked_lists.inspect import read_phase_in_redis, read_publications
from shared.ranked_lists.job_store import JobStore
from shared.readiness import phase_warning
from shared.settings import ListSettings, load_settings
from warmline.operator_name import operator_name
from warmline.screen import say, show_json, show_sections
from warmline.stores import OpenStores, open_stores

HISTORY = 5  # changes shown
WRITTEN_AS = 100  # characters of a name that the audit keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisPhase:
    """The phase that the timelines read now; `trouble` says why it is unknown."""

    state: PhaseState | None
    trouble: str | None = None


def run_phase_get(*, as_json: bool) -> int:
    """Show the current phase, whether Redis has it, and the last changes."""
    with open_stores() as stores:
        state = read_phase(stores.database)
        changes = _changes(stores.database)
        redis = _in_redis(stores)
        warning = _warning(stores, state)
    if as_json:
        show_json({**_as_dict(state), "redis": _redis_word(state, redis), "warning": warning, "changes": changes})
        return 0
    say(_sentence(state))
    say(f"Redis: {redis.trouble or _redis_word(state, redis)}")
    if changes:
        say("Last changes:")
        show_sections((f"version {change['version']}", [_change(change)]) for change in changes)
    if warning:
        say(warning)
    return 0


def run_phase_set(phase: Phase, *, rollout_percent: float, by: str | None, as_json: bool) -> int:
    """Switch the phase: in PostgreSQL, which decides, then in Redis, which the timelines read."""
    if not (math.isfinite(rollout_percent) and 0 <= rollout_percent <= 100):
        raise ConfigurationError(f"--rollout-percent: got {rollout_percent}, expected 0 to 100")
    lists = load_settings(ListSettings)
    with open_stores() as stores:
        state = change_phase(
            stores.database, phase, rollout_percent=rollout_percent, by=(by or operator_name())[:WRITTEN_AS]
        )
        trouble = _publish(stores, state, lists)
        warning = _warning(stores, state)
        is_foreign = isinstance(trouble, ForeignInstallation)
    if as_json:
        said = str(trouble) if trouble else None
        told = {"in_redis": trouble is None, "trouble": said, "warning": warning}
        show_json({**_as_dict(state), **told, "hint": warning})  # the name of this field in earlier versions
        return 0
    say(_sentence(state))
    if is_foreign:
        say(
            str(trouble),
            "The change is written in PostgreSQL; the timelines obey it once Redis is this installation's.",
        )
    elif trouble:
        say(
            str(trouble),
            "The change is written; it reaches Redis through the timeline within seconds of Redis' return.",
        )
    else:
        say("In force from each user's next first page on.")
    if warning:
        say(warning)
    return 0


def _publish(stores: OpenStores, state: PhaseState, lists: ListSettings) -> StoreUnavailable | None:
    """Write the phase to Redis; returns what failed, if anything."""
    writer = JobStore(stores.redis_url, keep_for=lists.keep_for)
    try:
        writer.expect(installation_id(stores.database))
        writer.write_phase(state)
    except StoreUnavailable as error:
        return error
    finally:
        writer.close()
    return None


def _warning(stores: OpenStores, state: PhaseState) -> str | None:
    """A warning about a phase without a model or lists: switching to it is allowed, but hardly intended."""
    try:
        stores.refuse_foreign_redis()
        has_lists: bool | None = state.phase in read_publications(stores.redis_url)
    except StoreUnavailable:
        has_lists = None
    return phase_warning(
        state.phase,
        has_champion=champion(stores.database) is not None,
        has_lists=has_lists,
        demotion=last_demotion(stores.database),
    )


def _in_redis(stores: OpenStores) -> RedisPhase:
    try:
        stores.refuse_foreign_redis()
        return RedisPhase(state=read_phase_in_redis(stores.redis_url))
    except StoreUnavailable as error:
        return RedisPhase(state=None, trouble=str(error))


def _redis_word(state: PhaseState, redis: RedisPhase) -> str:
    if redis.trouble:
        return "unavailable"
    version = redis.state.version if redis.state else 0
    return "up to date" if version == state.version else f"has version {version}; a timeline brings it up to date"


def _changes(database: Database) -> list[dict[str, Any]]:
    return [dict(row) for row in phase_history(database, limit=HISTORY)]


def _change(change: Mapping[str, Any]) -> str:
    rollout = f" for {change['rollout_percent']:g} %" if change["phase"] != Phase.HEURISTIC else ""
    return f"{change['phase']}{rollout}, {change['changed_at']:%Y-%m-%d %H:%M:%S} UTC, by {change['changed_by']}"


def _as_dict(state: PhaseState) -> dict[str, Any]:
    return {"phase": state.phase, "rollout_percent": state.rollout_percent, "version": state.version}


def _sentence(state: PhaseState) -> str:
    rollout = "" if state.phase is Phase.HEURISTIC else f" for {state.rollout_percent:g} % of the users"
    return f"Phase {state.phase}{rollout} (version {state.version})."
