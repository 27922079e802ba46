"""`python -m s02_train_neucf`: trains every night; with `--once`, one training now (for cron)."""

import argparse
import sys

from shared.stopping import exit_code_of


def main(arguments: list[str] | None = None) -> int:
    """Run the service, or one training; gives the exit code."""
    parser = argparse.ArgumentParser(prog="s02_train_neucf", description=__doc__)
    parser.add_argument("--once", action="store_true", help="train once and exit: 0 when it was good, 1 when not")
    once = parser.parse_args(arguments).once
    return exit_code_of(lambda: _run(once=once))


def _run(*, once: bool) -> int:
    from datetime import UTC, datetime

    from s02_train_neucf.job import JOB, JobSettings, run_training
    from s02_train_neucf.settings import MirrorSettings, TrainSettings
    from shared.content.settings import ContentSettings
    from shared.db.engine import Database
    from shared.db.migrate import check_migrated
    from shared.logs import start_logging
    from shared.neucf.side_by_side import use_threads
    from shared.progress import run_bar
    from shared.schedule import Job, cron, run_once, serve
    from shared.setting_conflicts import refuse_conflicts
    from shared.settings import (
        HeuristicSettings,
        ListSettings,
        ModelSettings,
        RunSettings,
        StoreSettings,
        WindowSettings,
        load_settings,
    )

    start_logging()
    stores, train = load_settings(StoreSettings), load_settings(TrainSettings)
    trigger = cron(train.train_cron, timezone=train.schedule_timezone)
    settings = JobSettings(
        train=train,
        model=load_settings(ModelSettings),
        content=load_settings(ContentSettings),
        formula=load_settings(HeuristicSettings),
        lists=load_settings(ListSettings),
        window=load_settings(WindowSettings),
        mirror=load_settings(MirrorSettings),
    )
    runs = load_settings(RunSettings)
    refuse_conflicts(settings.content, runs)
    use_threads(settings.model.threads)
    database = Database(stores)
    with run_bar(JOB) as show:
        job = Job(
            name=JOB,
            work=lambda run: run_training(database, settings, run, datetime.now(UTC)),
            show=show,
            stalled_after=runs.stalled_after,
        )
        if once:
            check_migrated(database)
            run_once(database, job, by="--once")
        else:
            serve(database, job, trigger, service="s02_train_neucf")
    return 0


if __name__ == "__main__":
    sys.exit(main())
