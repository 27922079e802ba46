"""The settings of live lists, read by both rankers and the timeline."""

from datetime import timedelta

from pydantic import Field

from shared.settings import SettingsGroup


class LiveSettings(SettingsGroup):
    """Whether and how lists follow what users do, between two runs."""

    live: bool = Field(default=True, description="lists follow each like within seconds; off: with the next run")
    live_poll_seconds: float = Field(
        2, ge=0.5, le=600, description="seconds between two looks at new events in your own views"
    )
    live_backlog: int = Field(
        10_000, ge=100, le=1_000_000, description="users in a ranker's queue at most; others are found later"
    )

    @property
    def poll(self) -> timedelta:
        return timedelta(seconds=self.live_poll_seconds)
