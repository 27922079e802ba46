"""The scoring service's own settings."""

from datetime import timedelta

from pydantic import Field

from shared.settings import SettingsGroup


class ScoreSettings(SettingsGroup):
    """When and how far the model's lists are renewed."""

    score_every_minutes: float = Field(15, ge=0.05, le=1440, description="minutes between two scoring runs")
    score_full_hours: float = Field(
        12,
        ge=0.1,
        le=72,
        description="hours after which all active users are scored again, not only those with new events",
    )
    history_days: float = Field(
        730,
        ge=1,
        le=36_500,
        description="age in days up to which likes shape a user's taste, but no further back than KEEP_DAYS",
    )

    recommend: bool = Field(
        default=True, description="answer requests for recommendations beside the runs; off: content alone is used"
    )

    @property
    def history(self) -> timedelta:
        return timedelta(days=self.history_days)

    @property
    def interval(self) -> timedelta:
        return timedelta(minutes=self.score_every_minutes)
