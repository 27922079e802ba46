"""Settings that are each in range and make no sense together: refused at start, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import ConfigurationError
from shared.settings import PREFIX, SettingsGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Values of some settings that contradict each other."""

    names: tuple[str, ...]
    is_one: Callable[..., bool]  # of the values, in the order of the names
    says: str  # what would follow, and what to do


CONFLICTS = (
    Conflict(
        names=("list_keep_hours", "heuristic_every_minutes"),
        is_one=lambda keep, every: keep * 60 <= every,
        says="lists would run out before the next run renews them; keep them for longer, or run more often",
    ),
    Conflict(
        names=("list_keep_hours", "score_full_hours", "score_every_minutes"),
        is_one=lambda keep, full, every: keep * 60 <= full * 60 + every,
        says=(
            "the lists of users who were not active meanwhile would run out before a full run renews them; keep lists"
            " for longer than both together, or run in full more often"
        ),
    ),
    Conflict(
        names=("image_retry_minutes", "image_retry_cap_hours"),
        is_one=lambda first, cap: first > cap * 60,
        says="the first pause would be longer than the longest; lower it, or raise the cap",
    ),
)


def refuse_conflicts(*groups: SettingsGroup) -> None:
    """Look at the settings that a service has read; a conflict with one that it does not read is not its own.

    Raises:
        ConfigurationError: one line for each conflict.
    """
    found = conflicts(*groups)
    if found:
        raise ConfigurationError("\n".join(found))


def conflicts(*groups: SettingsGroup) -> list[str]:
    """One line for each conflict: the settings, their values, and what would follow."""
    values = {name: getattr(group, name) for group in groups for name in type(group).model_fields}
    known = [each for each in CONFLICTS if values.keys() >= set(each.names)]
    return [
        f"{' and '.join(f'{PREFIX}{name.upper()}={values[name]:g}' for name in each.names)}: {each.says}"
        for each in known
        if each.is_one(*(values[name] for name in each.names))
    ]
