"""`python -m s01_heuristic`: the heuristic service; with `--once`, one run (for cron)."""

import sys
from typing import TYPE_CHECKING

from shared.jobs.service import Service, run_service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from shared.db.engine import Database
    from shared.db.runs import Run
    from shared.settings import StoreSettings


def main(arguments: list[str] | None = None) -> int:
    """Run the service, or one run with `--once`; returns the exit code."""
    return run_service("s01_heuristic", _prepare, about=__doc__, arguments=arguments)


def _prepare(stores: "StoreSettings") -> Service:
    from s01_heuristic.job import JOB, JobSettings, run_heuristic
    from s01_heuristic.live import LiveHeuristic
    from s01_heuristic.settings import ScheduleSettings
    from shared.jobs.setting_conflicts import refuse_conflicts
    from shared.jobs.triggers import every
    from shared.live.settings import LiveSettings
    from shared.live.start import live_loop
    from shared.ranked_lists.job_store import JobStore
    from shared.settings import (
        HeuristicSettings,
        ListSettings,
        NewPostSettings,
        RetentionSettings,
        WindowSettings,
        load_settings,
    )

    schedule, lists = load_settings(ScheduleSettings), load_settings(ListSettings)
    settings = JobSettings(
        window=load_settings(WindowSettings),
        lists=lists,
        formula=load_settings(HeuristicSettings),
        new_posts=load_settings(NewPostSettings),
        retention=load_settings(RetentionSettings),
    )
    refuse_conflicts(schedule, lists, settings.window, settings.formula, settings.new_posts, settings.retention)
    writer = JobStore(stores.redis_url.get_secret_value(), keep_for=lists.keep_for, chain_for=lists.chain_for)
    live = LiveHeuristic(window=settings.window, lists=lists, formula=settings.formula, retention=settings.retention)

    def work(database: "Database", run: "Run", now: "datetime") -> "Mapping[str, Any]":
        with live.loading:
            return run_heuristic(database, writer, settings, run, now, on_ranked=live.put)

    return Service(
        job=JOB,
        trigger=every(schedule.interval),
        work=work,
        beside=live_loop(stores, lists, load_settings(LiveSettings), live),
    )


if __name__ == "__main__":
    sys.exit(main())
