"""Refuses settings at start that are each in range but contradict each other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from shared.errors import ConfigurationError
from shared.settings import PREFIX, SettingsGroup

MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Values of some settings that contradict each other."""

    names: tuple[str, ...]
    applies: Callable[..., bool]  # of the values, in the order of the names
    consequence: str  # what would happen, and what to do


CONFLICTS = (
    Conflict(
        names=("list_keep_hours", "heuristic_every_minutes"),
        applies=lambda keep, every: keep * 60 <= every,
        consequence="lists would run out before the next run renews them; keep them for longer, or run more often",
    ),
    Conflict(
        names=("list_keep_hours", "score_full_hours", "score_every_minutes"),
        applies=lambda keep, full, every: keep * 60 <= full * 60 + every,
        consequence=(
            "the lists of users who were not active meanwhile would run out before a full run renews them; keep lists"
            " for longer than both together, or run in full more often"
        ),
    ),
    Conflict(
        names=("candidate_days", "heuristic_every_minutes"),
        applies=lambda days, every: days * MINUTES_PER_DAY < every,
        consequence="posts would be too old before a run has seen them; widen the window, or run more often",
    ),
    Conflict(
        names=("candidate_days", "score_every_minutes"),
        applies=lambda days, every: days * MINUTES_PER_DAY < every,
        consequence="posts would be too old before a run has seen them; widen the window, or run more often",
    ),
    Conflict(
        names=("new_post_share", "new_post_hours", "heuristic_every_minutes"),
        applies=lambda share, hours, every: share > 0 and hours * 60 < every,
        consequence="posts would not be new any more when a run first sees them; raise the age, or run more often",
    ),
    Conflict(
        names=("alpha", "popularity_half_life_hours", "heuristic_every_minutes"),
        applies=lambda alpha, hours, every: alpha > 0 and hours * 60 < every,
        consequence="what is popular would be over before the next run sees it; raise the half-life, or run more often",
    ),
    Conflict(
        names=("alpha", "half_life_hours", "heuristic_every_minutes"),
        applies=lambda alpha, hours, every: alpha < 1 and hours * 60 < every,
        consequence="what is recent would be over before the next run sees it; raise the half-life, or run more often",
    ),
    Conflict(
        names=("candidate_days", "keep_days"),
        applies=lambda days, kept: days > min(kept.values(), default=days),
        consequence=(
            "events would be removed while their posts are still candidates: seen posts would come back, and what is"
            " popular would be lost; keep events for as long as the window, or narrow the window"
        ),
    ),
    Conflict(
        names=("active_days", "keep_days"),
        applies=lambda days, kept: days > min(kept.values(), default=days),
        consequence=(
            "users would lose their lists when their events are removed; keep events for as long as users count as"
            " active, or let them be active for fewer days"
        ),
    ),
    Conflict(
        names=("list_length", "seen_length"),
        applies=lambda length, seen: seen < length,
        consequence=(
            "posts seen at the top of a list would be forgotten before its end, and shown again before unseen"
            " ones; remember at least as many as a list holds"
        ),
    ),
    Conflict(
        names=("run_stalled_minutes", "encode_batch", "image_threads", "image_timeout_seconds"),
        applies=lambda minutes, batch, threads, seconds: minutes * 60 <= ceil(batch / threads) * seconds,
        consequence=(
            "a run that waits for one batch of photos from a slow host would be ended as if it stood still; allow it"
            " more minutes, or wait less for each photo"
        ),
    ),
    Conflict(
        names=("image_retry_minutes", "image_retry_cap_hours"),
        applies=lambda first, cap: first > cap * 60,
        consequence="the first pause would be longer than the longest; lower it, or raise the cap",
    ),
)


def refuse_conflicts(*groups: SettingsGroup) -> None:
    """Check the settings that a service has read; conflicts with other settings are not reported.

    Raises:
        ConfigurationError: one line for each conflict.
    """
    found = conflicts(*groups)
    if found:
        raise ConfigurationError("\n".join(found))


def conflicts(*groups: SettingsGroup) -> list[str]:
    """One line for each conflict: the settings, their values, and what would happen."""
    return conflicts_of({name: getattr(group, name) for group in groups for name in type(group).model_fields})


def conflicts_of(values: Mapping[str, Any]) -> list[str]:
    """Like `conflicts`, for values by name, each in range."""
    known = [each for each in CONFLICTS if values.keys() >= set(each.names)]
    return [
        f"{' and '.join(f'{PREFIX}{name.upper()}={_shown(values[name])}' for name in each.names)}: {each.consequence}"
        for each in known
        if each.applies(*(values[name] for name in each.names))
    ]


def _shown(value: object) -> str:
    """A value as it would be written in `.env`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {number:g}' for key, number in value.items()) + "}"
    return f"{value:g}"
