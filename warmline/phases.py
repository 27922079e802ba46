"""`warmline phase`: read and switch the phase."""

import math
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from shared.db.engine import Database
from shared.db.phases import change_phase, installation_id, phase_history, read_phase
from shared.domain import Phase, PhaseState
from shared.errors import ConfigurationError, StoreUnavailable
from shared.ranked_lists.inspect import read_phase_in_redis, read_publications
from shared.ranked_lists.publish import ListWriter
from shared.settings import ListSettings, load_settings
from warmline.operator import operator_name
from warmline.screen import console, say, show_json
from warmline.stores import Stores, open_stores

HISTORY = 5  # changes shown
WRITTEN_AS = 100  # characters of a name that the audit keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class InRedis:
    """What the timelines read now; `trouble` says why that cannot be told."""

    state: PhaseState | None
    trouble: str | None = None


def run_phase_get(*, as_json: bool) -> int:
    """Show the phase in force, whether Redis has it, and the last changes."""
    with open_stores() as stores:
        state = read_phase(stores.database)
        changes = _changes(stores.database)
        redis = _in_redis(stores)
    if as_json:
        show_json({**_as_dict(state), "redis": _redis_word(state, redis), "changes": changes})
        return 0
    say(_sentence(state))
    say(f"Redis: {redis.trouble or _redis_word(state, redis)}")
    table = Table("version", "phase", "rollout %", "by", "at", title="Last changes", title_justify="left")
    for change in changes:
        at = f"{change['changed_at']:%Y-%m-%d %H:%M:%S} UTC"
        name, percent = str(change["changed_by"]), f"{change['rollout_percent']:g}"
        table.add_row(str(change["version"]), change["phase"], percent, name.replace("[", r"\["), at)
    if changes:
        console().print(table)
    return 0


def run_phase_set(phase: Phase, *, rollout_percent: float, by: str | None, as_json: bool) -> int:
    """Put a phase in force: in PostgreSQL, which decides, then in Redis, which the timelines read."""
    if not (math.isfinite(rollout_percent) and 0 <= rollout_percent <= 100):
        raise ConfigurationError(f"--rollout-percent: got {rollout_percent}, expected 0 to 100")
    lists = load_settings(ListSettings)
    with open_stores() as stores:
        state = change_phase(
            stores.database, phase, rollout_percent=rollout_percent, by=(by or operator_name())[:WRITTEN_AS]
        )
        trouble = _publish(stores, state, lists)
    hint = None if trouble else _missing_lists(stores.redis_url, state)
    if as_json:
        show_json({**_as_dict(state), "in_redis": trouble is None, "trouble": trouble, "hint": hint})
        return 0
    say(_sentence(state))
    if trouble:
        say(f"{trouble}\nThe change is written; it reaches Redis through the timeline within seconds of Redis' return.")
    else:
        say("In force from each user's next first page on.")
    if hint:
        say(hint)
    return 0


def _publish(stores: Stores, state: PhaseState, lists: ListSettings) -> str | None:
    """Write the phase to Redis; gives what was in the way, if anything."""
    writer = ListWriter(stores.redis_url, keep_for=lists.keep_for)
    try:
        writer.expect(installation_id(stores.database))
        writer.write_phase(state)
    except StoreUnavailable as error:
        return str(error)
    finally:
        writer.close()
    return None


def _missing_lists(redis_url: str, state: PhaseState) -> str | None:
    """A switch to a phase that has published nothing is allowed, but hardly meant."""
    try:
        if state.phase in read_publications(redis_url):
            return None
    except StoreUnavailable:
        return None
    return f"No {state.phase} lists have been published yet: until then users get the next source in order."


def _in_redis(stores: Stores) -> InRedis:
    try:
        stores.refuse_foreign_redis()
        return InRedis(state=read_phase_in_redis(stores.redis_url))
    except StoreUnavailable as error:
        return InRedis(state=None, trouble=str(error))


def _redis_word(state: PhaseState, redis: InRedis) -> str:
    if redis.trouble:
        return "unavailable"
    version = redis.state.version if redis.state else 0
    return "up to date" if version == state.version else f"has version {version}; a timeline brings it up to date"


def _changes(database: Database) -> list[dict[str, Any]]:
    return [dict(row) for row in phase_history(database, limit=HISTORY)]


def _as_dict(state: PhaseState) -> dict[str, Any]:
    return {"phase": state.phase, "rollout_percent": state.rollout_percent, "version": state.version}


def _sentence(state: PhaseState) -> str:
    rollout = "" if state.phase is Phase.HEURISTIC else f" for {state.rollout_percent:g} % of the users"
    return f"Phase {state.phase}{rollout} (version {state.version})."
