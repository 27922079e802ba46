"""Predicts how many events our own table will hold, by how many come a day and how long they are kept. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain import InteractionKind
from warmline.screen import number_of

MB = 1e6
DAYS_A_YEAR = 365.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGrowth:
    """The events of one kind, at the present rate."""

    kind: str
    a_day: float
    kept_days: float | None  # None: as long as their user
    rows: int  # the number at which they level off, or how many are added in a year
    bytes: int

    def sentence(self) -> str:
        """For a reader."""
        count, size = number_of(round(self.a_day), f"{self.kind} event"), f"{self.bytes / MB:,.1f} MB"
        if self.kept_days is None:
            return f"{count} a day: {size} more each year"
        return f"{count} a day, kept for {self.kept_days:g} days: {self.rows:,} rows, {size} at most"


def event_growth(
    rates: Mapping[str, float], keep_days: Mapping[InteractionKind, float], *, row_bytes: float
) -> Sequence[EventGrowth]:
    """One for each kind, the most frequent first.

    Args:
        rates: events a day, by kind.
        keep_days: as in the settings.
        row_bytes: of an event, including indexes.
    """
    days = {kind.value: kept for kind, kept in keep_days.items()}
    return [
        EventGrowth(
            kind=kind, a_day=rate, kept_days=days.get(kind),
            rows=round(rate * days.get(kind, DAYS_A_YEAR)), bytes=round(rate * days.get(kind, DAYS_A_YEAR) * row_bytes),
        )
        for kind, rate in sorted(rates.items(), key=lambda item: (-item[1], item[0]))
    ]  # fmt: skip
