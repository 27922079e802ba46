"""A short training and whole scoring runs on a benchmark's world, with the encoders in force and nothing to encode."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.jobs import WORKER, Report, heuristic_settings, published_run, whole_run
from s02_recsys_neucf.job import JOB as SCORE_JOB
from s02_recsys_neucf.job import JobSettings as ScoreJobSettings
from s02_recsys_neucf.job import run_scoring
from s02_recsys_neucf.settings import ScoreSettings
from s02_train_neucf.job import JOB as TRAIN_JOB
from s02_train_neucf.job import JobSettings as TrainJobSettings
from s02_train_neucf.job import run_training
from s02_train_neucf.recipe import Recipe
from s02_train_neucf.settings import TrainSettings
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.models import promote_model
from shared.domain import Phase
from shared.neucf.kernels import kernels
from shared.ranked_lists import keys
from shared.ranked_lists.clients import connect
from shared.settings import ModelSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the jobs of the model run, and as of when."""

    database: Database
    redis_url: str
    now: datetime
    models: Path


def trained(ground: Ground, *, epochs: int) -> Report:
    """One training of at most so many epochs a model, trial and gate included; what it made is promoted anyway."""
    kernels.cache_clear()  # so that each run compiles, as one in a process of its own does
    ours = heuristic_settings()
    settings = TrainJobSettings(
        train=TrainSettings(), model=ModelSettings(model_dir=ground.models), content=ContentSettings(),
        formula=ours.formula, lists=ours.lists, window=ours.window, recipe=Recipe(epochs=epochs),
    )  # fmt: skip
    report = whole_run(ground.database, TRAIN_JOB, lambda run: run_training(ground.database, settings, run, ground.now))
    if not report["promoted"]:
        promote_model(ground.database, int(report["model"]), by=WORKER, override=True)
    return report


def scored(ground: Ground) -> Report:
    """One scoring run for everybody, whoever was scored before."""
    kernels.cache_clear()
    ours = heuristic_settings()
    settings = ScoreJobSettings(
        score=ScoreSettings(), model=ModelSettings(model_dir=ground.models), content=ContentSettings(),
        lists=ours.lists, window=ours.window, formula=ours.formula,
    )  # fmt: skip
    client = connect(ground.redis_url)
    client.delete(keys.published(Phase.NEUCF))  # as where Redis has lost it: then nobody is left out
    client.close()
    return published_run(
        ground.database, SCORE_JOB, ground.redis_url, ours.lists,
        lambda writer, run: run_scoring(ground.database, writer, settings, run, ground.now),
    )  # fmt: skip
