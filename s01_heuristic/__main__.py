"""`python -m s01_heuristic`: the heuristic service; with `--once`, one run (for cron)."""

import argparse
import sys

from shared.stopping import exit_code_of


def main(arguments: list[str] | None = None) -> int:
    """Run the service, or one pass; gives the exit code."""
    parser = argparse.ArgumentParser(prog="s01_heuristic", description=__doc__)
    parser.add_argument("--once", action="store_true", help="do one run and exit: 0 when it was good, 1 when not")
    once = parser.parse_args(arguments).once
    return exit_code_of(lambda: _run(once=once))


def _run(*, once: bool) -> int:
    from datetime import UTC, datetime

    from s01_heuristic.job import JOB, JobSettings, run_heuristic
    from s01_heuristic.settings import ScheduleSettings
    from shared.db.engine import Database
    from shared.db.migrate import check_migrated
    from shared.logs import start_logging
    from shared.ranked_lists.publish import ListWriter
    from shared.schedule import Job, every, run_once, serve
    from shared.setting_conflicts import refuse_conflicts
    from shared.settings import (
        HeuristicSettings,
        ListSettings,
        NewPostSettings,
        RunSettings,
        StoreSettings,
        WindowSettings,
        load_settings,
    )

    start_logging()
    stores = load_settings(StoreSettings)
    schedule = load_settings(ScheduleSettings)
    settings = JobSettings(
        window=load_settings(WindowSettings),
        lists=load_settings(ListSettings),
        formula=load_settings(HeuristicSettings),
        new_posts=load_settings(NewPostSettings),
    )
    refuse_conflicts(schedule, settings.lists, settings.window, settings.formula, settings.new_posts)
    database = Database(stores)
    lists = settings.lists
    writer = ListWriter(stores.redis_url.get_secret_value(), keep_for=lists.keep_for, chain_for=lists.chain_for)
    job = Job(
        name=JOB,
        work=lambda run: run_heuristic(database, writer, settings, run, datetime.now(UTC)),
        stalled_after=load_settings(RunSettings).stalled_after,
    )
    if once:
        check_migrated(database)
        run_once(database, job, by="--once")
    else:
        serve(database, job, every(schedule.interval), service="s01_heuristic")
    return 0


if __name__ == "__main__":
    sys.exit(main())
