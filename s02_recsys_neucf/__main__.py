"""`python -m s02_recsys_neucf`: scores the champion's lists; with `--once`, one run (for cron)."""

import argparse
import sys

from shared.stopping import exit_code_of


def main(arguments: list[str] | None = None) -> int:
    """Run the service, or one pass; gives the exit code."""
    parser = argparse.ArgumentParser(prog="s02_recsys_neucf", description=__doc__)
    parser.add_argument("--once", action="store_true", help="score once and exit: 0 when it was good, 1 when not")
    once = parser.parse_args(arguments).once
    return exit_code_of(lambda: _run(once=once))


def _run(*, once: bool) -> int:
    from datetime import UTC, datetime

    from s02_recsys_neucf.job import JOB, JobSettings, run_scoring
    from s02_recsys_neucf.settings import ScoreSettings
    from shared.content.settings import ContentSettings
    from shared.db.engine import Database
    from shared.db.migrate import check_migrated
    from shared.logs import start_logging
    from shared.neucf.side_by_side import use_threads
    from shared.progress import run_bar
    from shared.ranked_lists.publish import ListWriter
    from shared.schedule import Job, every, run_once, serve
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
    stores = load_settings(StoreSettings)
    settings = JobSettings(
        score=load_settings(ScoreSettings),
        model=load_settings(ModelSettings),
        content=load_settings(ContentSettings),
        lists=load_settings(ListSettings),
        window=load_settings(WindowSettings),
        formula=load_settings(HeuristicSettings),
    )
    runs = load_settings(RunSettings)
    refuse_conflicts(settings.score, settings.lists, settings.window, settings.content, runs)
    use_threads(settings.model.threads)
    database = Database(stores)
    lists = settings.lists
    writer = ListWriter(stores.redis_url.get_secret_value(), keep_for=lists.keep_for, chain_for=lists.chain_for)
    with run_bar(JOB) as show:
        job = Job(
            name=JOB,
            work=lambda run: run_scoring(database, writer, settings, run, datetime.now(UTC)),
            show=show,
            stalled_after=runs.stalled_after,
        )
        if once:
            check_migrated(database)
            run_once(database, job, by="--once")
        else:
            serve(database, job, every(settings.score.interval), service="s02_recsys_neucf")
    return 0


if __name__ == "__main__":
    sys.exit(main())
