"""Prints a status: names at the left, text beside them, wrapped to the terminal's width."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.db.models import ModelVersion
from shared.domain import Phase
from shared.jobs.names import SERVICES
from shared.readiness import NOT_READY
from shared.version import VERSION
from warmline.commands.status.records import FromDatabase, FromRedis, JobRuns, Status
from warmline.findings import Finding, show
from warmline.run_rows import progress_text
from warmline.screen import age, console, number_of, say, show_sections

MB = 1e6
REASON = 160  # characters of a run's error or a verdict; `warmline models` and the log have all of it


def show_status(status: Status, findings: Sequence[Finding]) -> None:
    """Print the whole status on standard output."""
    say(f"Warmline {VERSION}, {status.now:%Y-%m-%d %H:%M:%S} UTC")
    show_sections(_sections(status))
    say("")
    if not findings:
        say("Nothing needs attention.")
        return
    say("Needs attention:")
    for each in findings:
        show(each, console())


def _sections(status: Status) -> Iterable[tuple[str, list[str]]]:
    known, redis = status.database, status.redis
    if known is not None:
        yield "phase", [_phase(known, status.now)]
    if redis is not None:
        yield "lists", [_lists(phase, redis, status.now) for phase in Phase]
    if known is not None:
        yield "runs", [f"{job}: {_run(runs, status.now)}" for job, runs in known.jobs.items()]
        yield "services", [_services(known)]
        yield "models", _models(known)
        yield "kept", [_kept(known.housekeeping)]
        if any(known.takedowns.values()):
            yield "taken down", [_takedowns(known)]
    yield "stores", [_postgresql(status), _redis(status)]


def _phase(known: FromDatabase, now: datetime) -> str:
    state, changed = known.phase, known.changed
    rollout = "" if state.phase is Phase.HEURISTIC else f" for {state.rollout_percent:g} % of the users"
    if changed is None:
        return f"{state.phase}{rollout}, since the beginning"
    return f"{state.phase}{rollout}, since {age(now - changed['changed_at'])} by {changed['changed_by']}"


def _lists(phase: Phase, redis: FromRedis, now: datetime) -> str:
    publication = redis.published.get(phase)
    if publication is None:
        return f"{phase}: none published"
    size = f"{number_of(publication.lists, 'list')}, {publication.bytes / MB:,.1f} MB"
    return f"{phase}: {age(now - publication.at)} old; {size} by the last run"


def _run(runs: JobRuns, now: datetime) -> str:
    ended, running, waiting = runs.ended, runs.running, runs.waiting
    parts = []
    if running is not None:
        parts.append(f"run {running['id']} under way for {age(now - running['started_at'])}{progress_text(running)}")
    if waiting is not None:
        parts.append(f"asked for {age(now - waiting['requested_at'])} ago by {waiting['requested_by']}")
    if ended is not None:
        parts.append(_ended(ended, now))
        good = next(iter(runs.good), None)
        if ended["state"] == "failed" and good is not None:
            parts.append(f"the last good one ended {age(now - good['finished_at'])} ago")
    return "; ".join(parts) or "never ran"


def _ended(run: Mapping[str, Any], now: datetime) -> str:
    when = f"{age(now - run['finished_at'])} ago"
    if run["state"] == "done":
        took = f" in {age(run['finished_at'] - run['started_at'])}" if run["started_at"] else ""
        note = (run["report"] or {}).get("note")
        return f"done {when}{took}" + (f" ({note})" if note else "")
    reason = _clipped(str(run["error"]))
    if reason.startswith(NOT_READY):
        return f"refused {when}: {reason}"
    return f"failed {when}{progress_text(run)}: {reason}"


def _takedowns(known: FromDatabase) -> str:
    return (
        f"{number_of(known.takedowns['posts'], 'post')} hidden, {number_of(known.takedowns['users'], 'user')} suspended"
    )


def _services(known: FromDatabase) -> str:
    alive = {row["service"] for row in known.services}
    silent = [service for service in SERVICES.values() if service not in alive]
    words = [f"{', '.join(sorted(alive))} alive"] if alive else []
    if silent:
        words.append(f"no sign of {', '.join(silent)} (as where cron starts them)")
    return "; ".join(words)


def _models(known: FromDatabase) -> list[str]:
    lines = [f"phase 2 is {known.readiness['sentence']}"]
    if known.champion is not None:
        lines.append(f"champion: {_model(known.champion)}")
    if known.newest is not None and (known.champion is None or known.newest.version != known.champion.version):
        lines.append(f"newest: {_model(known.newest)}")
    return lines


def _model(model: ModelVersion) -> str:
    return f"model {model.version} of {model.created_at:%Y-%m-%d %H:%M}, {model.state}: {_clipped(model.verdict)}"


def _kept(report: Mapping[str, Any] | None) -> str:
    if report is None:
        return "events: nothing was looked at yet; the next heuristic run does"
    since = [f"{kind}s since {at[:10]}" for kind, at in report["kept_since"].items()]
    removed = sum(report["removed"].values())
    more = "; the next runs remove the rest" if report["behind"] else ""
    others = "other events as long as their user" if since else "all events as long as their user"
    return f"{', '.join([*since, others])}; {number_of(removed, 'event')} removed by the last run{more}"


def _postgresql(status: Status) -> str:
    known = status.database
    if known is None:
        return "PostgreSQL does not answer"
    return f"PostgreSQL {known.server.version}, {known.server.bytes / MB:,.1f} MB in the schema warmline"


def _redis(status: Status) -> str:
    redis = status.redis
    if redis is None:
        return "Redis does not answer"
    if redis.server is None:
        return "Redis answers; our user may not ask for its version and memory"
    version = ".".join(str(part) for part in redis.server.version)
    bound = f" of {redis.server.max_bytes / MB:,.0f} MB" if redis.server.max_bytes else ", no bound"
    return f"Redis {version}, {redis.server.used_bytes / MB:,.1f} MB{bound}"


def _clipped(text: str) -> str:
    return text if len(text) <= REASON else f"{text[: REASON - 1]}…"
