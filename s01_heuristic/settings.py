"""The heuristic service's own settings."""

from datetime import timedelta

from pydantic import Field

from shared.settings import SettingsGroup


class ScheduleSettings(SettingsGroup):
    """When the heuristic job runs."""

    heuristic_every_minutes: float = Field(5, ge=0.05, le=1440, description="minutes between two heuristic runs")

    @property
    def interval(self) -> timedelta:
        return timedelta(minutes=self.heuristic_every_minutes)
