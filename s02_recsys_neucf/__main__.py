"""`python -m s02_recsys_neucf`: scores the champion's lists; with `--once`, one run (for cron)."""

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
    return run_service("s02_recsys_neucf", _prepare, about=__doc__, arguments=arguments)


def _prepare(stores: "StoreSettings") -> Service:
    from s02_recsys_neucf.job import JOB, JobSettings, LiveModelLoader, run_scoring
    from s02_recsys_neucf.live import LiveNeuCF
    from s02_recsys_neucf.recommend.held import HeldIndex
    from s02_recsys_neucf.recommend.start import recommend_loop, side_by_side
    from s02_recsys_neucf.settings import ScoreSettings
    from s02_recsys_neucf.similar.similar_posts import SimilarPosts
    from shared.content.settings import ContentSettings
    from shared.jobs.progress_bars import run_bar
    from shared.jobs.setting_conflicts import refuse_conflicts
    from shared.jobs.triggers import every
    from shared.live.settings import LiveSettings
    from shared.live.start import live_loop
    from shared.neucf.threads import use_threads
    from shared.ranked_lists.job_store import JobStore
    from shared.settings import (
        HeuristicSettings,
        ListSettings,
        ModelSettings,
        RetentionSettings,
        RunSettings,
        WindowSettings,
        load_settings,
    )

    lists = load_settings(ListSettings)
    settings = JobSettings(
        score=load_settings(ScoreSettings),
        model=load_settings(ModelSettings),
        content=load_settings(ContentSettings),
        lists=lists,
        window=load_settings(WindowSettings),
        formula=load_settings(HeuristicSettings),
        retention=load_settings(RetentionSettings),
    )
    refuse_conflicts(
        settings.score, lists, settings.window, settings.retention, settings.content, load_settings(RunSettings)
    )
    use_threads(settings.model.threads)
    writer = JobStore(stores.redis_url.get_secret_value(), keep_for=lists.keep_for, chain_for=lists.chain_for)
    held = HeldIndex() if settings.score.recommend else None
    similar = SimilarPosts()  # used by one run or load at a time, which hold `live.loading`
    live = LiveNeuCF(
        lists=lists,
        history=settings.score.history,
        retention=settings.retention,
        load=LiveModelLoader(settings, similar, held),
    )

    def work(database: "Database", run: "Run", now: "datetime") -> "Mapping[str, Any]":
        with live.loading:
            return run_scoring(database, writer, settings, run, now, on_scored=live.put, similar=similar, held=held)

    return Service(
        job=JOB,
        trigger=every(settings.score.interval),
        work=work,
        beside=side_by_side(
            live_loop(stores, lists, load_settings(LiveSettings), live),
            None if held is None else recommend_loop(stores, settings.content, held),
        ),
        bar=run_bar(JOB),
    )


if __name__ == "__main__":
    sys.exit(main())
