"""`python -m s02_train_neucf`: trains every night; with `--once`, one training now (for cron)."""

import sys
from typing import TYPE_CHECKING

from shared.jobs.service import Service, run_service

if TYPE_CHECKING:
    from shared.settings import StoreSettings


def main(arguments: list[str] | None = None) -> int:
    """Run the service, or one training with `--once`; returns the exit code."""
    return run_service("s02_train_neucf", _prepare, about=__doc__, arguments=arguments)


def _prepare(_: "StoreSettings") -> Service:
    from s02_train_neucf.job import JOB, JobSettings, run_training
    from s02_train_neucf.settings import MirrorSettings, TrainSettings
    from shared.content.settings import ContentSettings
    from shared.jobs.progress_bars import run_bar
    from shared.jobs.setting_conflicts import refuse_conflicts
    from shared.jobs.triggers import cron
    from shared.neucf.threads import use_threads
    from shared.settings import (
        HeuristicSettings,
        ListSettings,
        ModelSettings,
        RetentionSettings,
        RunSettings,
        WindowSettings,
        load_settings,
    )

    train = load_settings(TrainSettings)
    settings = JobSettings(
        train=train,
        model=load_settings(ModelSettings),
        content=load_settings(ContentSettings),
        formula=load_settings(HeuristicSettings),
        lists=load_settings(ListSettings),
        window=load_settings(WindowSettings),
        mirror=load_settings(MirrorSettings),
        retention=load_settings(RetentionSettings),
    )
    refuse_conflicts(settings.lists, settings.window, settings.retention, settings.content, load_settings(RunSettings))
    use_threads(settings.model.threads)
    return Service(
        job=JOB,
        trigger=cron(train.train_cron, timezone=train.schedule_timezone),
        work=lambda database, run, now: run_training(database, settings, run, now),
        bar=run_bar(JOB),
    )


if __name__ == "__main__":
    sys.exit(main())
