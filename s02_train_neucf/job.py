"""One training run: encode, load, evaluate beside baselines, train on all data, judge, save, promote if it passes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import torch

from s02_train_neucf.data.load import TrainingData, load_training_data
from s02_train_neucf.evaluation.rankers import DENSE_BYTES
from s02_train_neucf.evaluation.tuning import MAX_NIGHTLY_EASE_POSTS
from s02_train_neucf.gate.cuts import earliest_cut
from s02_train_neucf.gate.enough_data import refuse_too_little
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import ReplayRules
from s02_train_neucf.gate.replay_report import NEUCF
from s02_train_neucf.gate.verdict import Verdict
from s02_train_neucf.judge import judge, judge_champion
from s02_train_neucf.learning.champion import Champion, champion_to_start_from, load_champion
from s02_train_neucf.learning.curves import EpochResult, LearningCurves
from s02_train_neucf.learning.fit import Fitted, FitUnderWay, SearchResult
from s02_train_neucf.learning.ranker_state import ranker_state_of
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.side_by_side import Workers
from s02_train_neucf.learning.warm_start import Predecessor
from s02_train_neucf.learning.worker_count import Room, TrainingSize, room_for
from s02_train_neucf.learning.worker_pool import workers_of
from s02_train_neucf.mirror import MirroredTraining, mirror_training
from s02_train_neucf.progress import ALL_DATA, LOADING, SAVING, START, EpochsReported, OverlappingSteps, shares
from s02_train_neucf.report import SHOWN, EvaluationPlan, EvaluationResult, OnEpoch, evaluate_model
from s02_train_neucf.report_json import report_json
from s02_train_neucf.save import drop_old_folders, drop_unfinished, save_model
from s02_train_neucf.settings import MirrorSettings, TrainSettings
from s02_train_neucf.unused_vectors import drop_unused_vectors
from shared.candidates.training_amounts import amounts_of
from shared.content.encode_posts import Encoders, build_encoders, encode_new
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.details import count_trainable
from shared.db.engine import Database
from shared.db.installation import knows_models
from shared.db.phases import installation_id
from shared.db.rights import TRAINING, refuse_without_rights
from shared.db.runs import Run, for_run, last_report
from shared.distinct import distinct
from shared.jobs.stages import Stopwatch
from shared.logs import stage
from shared.neucf.artefact import Artefact
from shared.neucf.config import NeuCFConfig
from shared.neucf.manifest import Manifest
from shared.neucf.model_folder import check_folder, claim_folder
from shared.neucf.size import model_bytes
from shared.neucf.warm_up import compile_kernels
from shared.run_progress import ReportProgress
from shared.settings import HeuristicSettings, ListSettings, ModelSettings, RetentionSettings, WindowSettings

JOB = "train"
# Settings of the training on which models do not depend.
_NOT_SHAPING = {
    "train_cron",
    "schedule_timezone",
    "train_workers",
    "models_kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """The settings that a run uses."""

    train: TrainSettings
    model: ModelSettings
    content: ContentSettings
    formula: HeuristicSettings
    lists: ListSettings
    window: WindowSettings  # of the candidates that the replay ranks
    recipe: Recipe = field(default_factory=Recipe)
    mirror: MirrorSettings | None = None
    retention: RetentionSettings = field(default_factory=RetentionSettings)

    def for_the_record(self) -> dict[str, Any]:
        """The settings that shaped the model and its evaluation, as JSON values; no secrets, no paths."""
        return {
            "train": self.train.model_dump(mode="json", exclude=_NOT_SHAPING),
            "retention": self.retention.model_dump(mode="json"),
            "window": self.window.model_dump(mode="json"),
            "heuristic": self.formula.model_dump(mode="json"),
            "lists": self.lists.model_dump(mode="json", include={"cold_min_positives", "list_length"}),
        }


def run_training(database: Database, settings: JobSettings, run: Run, now: datetime) -> Mapping[str, Any]:
    """Train and judge a model; returns the report for the run's row."""
    watch, report, database = Stopwatch(), run.progress.report, for_run(database, run)
    run.progress.plan(shares(_stages_of_last_run(database)))
    report(START, 0, 1)
    with watch.part("start"):
        encoders = _prepare(database, settings, now)
    with watch.part("encode"):
        encoded = encode_new(database, encoders, settings.content, now, report)
    report(LOADING, 0, 1)
    with watch.part("load"):
        data = _load(database, encoders, settings, now)
    plan, history, curves = _evaluation_plan(settings, encoders, data, report), History.of(data), LearningCurves()
    # The evaluation's models do not start from the champion, which has seen their test likes.
    predecessor = _champion(database, settings, encoders) if settings.train.warm_start else None
    room, trained_from = _room(settings, plan), watch.seconds
    if room.count > 1:
        overlapping = OverlappingSteps(run.progress, shares(_stages_of_last_run(database)))
        plan = replace(plan, report_progress=overlapping.report)
    with workers_of(room.count, ample=room.is_ample) as workers:
        evaluation, fitted = _evaluate_and_fit(plan, history, _epoch_recorder(plan, curves), predecessor, workers)
    watch.include(plan.watch, within=watch.seconds - trained_from)
    report(SAVING, 0, 1)
    state = ranker_state_of(fitted.data, [evaluation.replay.ranker], evaluation.trees)
    verdict = judge(history, plan, fitted, evaluation.replay, state)
    load = partial(_load_champion, database, settings, encoders)
    of_champion = None if verdict.promote else judge_champion(history, plan, load, evaluation.replay)
    manifest = _manifest(database, encoders, fitted, plan, evaluation, predecessor, now)
    artefact = Artefact(fitted.model, fitted.data.users, fitted.data.posts, manifest, ranker_state=state)
    folder = settings.model.model_dir
    version = save_model(
        database, folder, run, artefact, verdict, report=_report(verdict, evaluation),
        demoted=None if of_champion is None else of_champion.demoted,
    )  # fmt: skip
    drop_old_folders(database, folder, newest=settings.train.models_kept)
    drop_unused_vectors(database, folder, encoders)
    if settings.mirror is not None:  # last, because nothing depends on it
        trained = MirroredTraining(
            version=version, model_dir=folder, began=now, curves=curves, settings=settings.for_the_record()
        )
        mirror_training(database, settings.mirror, trained)
    return {
        "model": version,
        "promoted": verdict.promote,
        "verdict": verdict.reason,
        **({} if of_champion is None else {"champion": of_champion.to_json()}),
        "amounts": _amounts(data, settings),
        "days_read": _days_read(settings),
        **encoded,
        "work": {**_sizes(fitted, data), **watch.counts(), "workers": room.count},
        "stages": watch.stages(),
        "seconds": round(watch.seconds, 1),
    }


def _prepare(database: Database, settings: JobSettings, now: datetime) -> Encoders:
    """Check and prepare what the end of the run needs, before the long work; returns the encoders."""
    folder = settings.model.model_dir
    claim_folder(folder, installation_id(database), partial(knows_models, database))
    drop_unfinished(database, folder)
    check_folder(folder, partial(_expected_model_bytes, database, settings, now))
    refuse_without_rights(database, TRAINING)
    refuse_too_little(
        database, days=settings.train.train_days, min_positives=settings.lists.cold_min_positives, now=now,
        kept_since=settings.retention.kept_since(now),
    )  # fmt: skip
    encoders = build_encoders(settings.content)
    compile_kernels(NeuCFConfig())
    return encoders


def _load(database: Database, encoders: Encoders, settings: JobSettings, now: datetime) -> TrainingData:
    with stage("train.load") as facts:
        days, kept_since = settings.train.train_days, settings.retention.kept_since(now)
        data = load_training_data(
            database, encoders, days=days, now=now, kept_since=kept_since, asked_since=earliest_cut
        )
        facts.update(events=len(data.events), posts=len(data.posts), days=_days_read(settings))
    return data


def _days_read(settings: JobSettings) -> dict[str, float]:
    """How far back events are read, in days: in general, and of the kinds that are kept for a shorter time."""
    longest, kept = settings.train.train_days, settings.retention.keep_days
    return {"all": longest} | {kind.value: days for kind, days in kept.items() if days < longest}


def _evaluate_and_fit(
    plan: EvaluationPlan, history: History, on_epoch: OnEpoch, predecessor: Predecessor | None, workers: Workers
) -> tuple[EvaluationResult, Fitted]:
    """Evaluate, and train the model that may go live on all posts that are not deleted: side by side where there are
    workers, and else one after the other, so that the data of both need not be in memory at once."""
    begun = list[FitUnderWay]()

    def begin(search_result: SearchResult) -> None:
        data, of_all = plan.data.without_deleted(), partial(on_epoch, ALL_DATA)
        begun.append(plan.begin_fit(data, of_all, search_result, predecessor, workers))

    with stage("train.trial") as facts:
        evaluation = evaluate_model(plan, history, on_epoch, workers, begin if workers.count > 1 else None)
        facts.update(cuts=len(evaluation.replay.cuts), ranker=str(evaluation.replay.ranker), workers=workers.count)
    with stage("train.fit") as facts:
        if begun:
            fitted = begun[0].result()
        else:
            data, of_all = plan.data.without_deleted(), partial(on_epoch, ALL_DATA)
            fitted = plan.fit(data, of_all, evaluation.search_result, predecessor)
        sizes = _sizes(fitted, plan.data)
        facts.update(epochs=fitted.search_result.recipe.epochs, users=sizes["users"], posts=sizes["posts"])
    return evaluation, fitted


def _room(settings: JobSettings, plan: EvaluationPlan) -> Room:
    """How many processes train; a GPU is for one at a time."""
    if plan.device.type != "cpu":
        return Room(count=1)
    data = plan.data
    vectors = (data.features.image, data.features.caption)
    n_posts = len(data.posts)
    size = TrainingSize(
        n_users=len(distinct(data.events.user_id_hashes)),
        n_posts=n_posts,
        n_events=len(data.events),
        width=plan.config.width,
        vector_bytes=sum(each.stored.nbytes for each in vectors if each is not None),
        dense_bytes=DENSE_BYTES * min(n_posts, MAX_NIGHTLY_EASE_POSTS) ** 2,
        recipe=plan.recipe,
    )
    return room_for(settings.train.train_workers, size)


def _sizes(fitted: Fitted, data: TrainingData) -> dict[str, int]:
    """The amounts that the model was trained on."""
    return {
        "users": fitted.data.users.n_rows - 1,
        "posts": fitted.data.posts.n_rows - 1,
        "likes": len(fitted.data.likes.posts),
        "events": len(data.events),
    }


def _expected_model_bytes(database: Database, settings: JobSettings, now: datetime) -> int:
    """Bytes that a model will take, given its users and posts."""
    with database.read() as snapshot:
        users, posts = count_trainable(snapshot, since=now - timedelta(days=settings.train.train_days))
    return model_bytes(users=users, posts=posts, members=settings.recipe.members)


def _stages_of_last_run(database: Database) -> Mapping[str, float] | None:
    """Seconds by stage of the last successful training."""
    last = last_report(database, JOB)
    return (last["report"] or {}).get("stages") if last is not None else None


def _evaluation_plan(
    settings: JobSettings, encoders: Encoders, data: TrainingData, report: ReportProgress
) -> EvaluationPlan:
    """How models are trained and evaluated in this run."""
    seed = settings.train.train_seed
    return EvaluationPlan(
        data=data,
        config=_config(encoders),
        recipe=settings.train.applied_to(settings.recipe),
        rules=ReplayRules(
            window=settings.window,
            formula=settings.formula,
            min_known=settings.lists.cold_min_positives,
            list_length=settings.lists.list_length,
            seed=seed,
        ),
        seed=seed,
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        report_progress=report,
    )


def _champion(database: Database, settings: JobSettings, encoders: Encoders) -> Predecessor | None:
    """The champion, to start from."""
    image, caption = manifest_encoder(encoders.image.card), manifest_encoder(encoders.caption.card)
    return champion_to_start_from(database, settings.model.model_dir, image=image, caption=caption)


def _load_champion(database: Database, settings: JobSettings, encoders: Encoders) -> Champion | None:
    """The champion, to be judged."""
    image, caption = manifest_encoder(encoders.image.card), manifest_encoder(encoders.caption.card)
    return load_champion(database, settings.model.model_dir, image=image, caption=caption)


def _report(verdict: Verdict, evaluation: EvaluationResult) -> dict[str, Any]:
    """The report in the model's record in PostgreSQL."""
    return {
        "verdict": verdict.reason,
        "checks": [{"passed": check.passed, "found": check.sentence} for check in verdict.checks],
        **report_json(evaluation),
    }


def _amounts(data: TrainingData, settings: JobSettings) -> Mapping[str, Any]:
    """How much data there was, for the report on phase 2's readiness."""
    return amounts_of(
        data.events.user_id_hashes,
        data.events.post_id_hashes,
        data.events.kinds,
        n_posts=len(data.without_deleted().posts.id_hashes),
        min_positives=settings.lists.cold_min_positives,
        days=settings.train.train_days,
    )


def _config(encoders: Encoders) -> NeuCFConfig:
    return NeuCFConfig(image_width=encoders.image.card.width, caption_width=encoders.caption.card.width)


def _manifest(
    database: Database,
    encoders: Encoders,
    fitted: Fitted,
    plan: EvaluationPlan,
    evaluation: EvaluationResult,
    predecessor: Predecessor | None,
    now: datetime,
) -> Manifest:
    events, shown = plan.data.events, evaluation.shown  # at least one event: a model was fitted
    started_from = {} if predecessor is None else {"started_from": predecessor.name}
    return Manifest(
        config=fitted.model.config,  # that of all members together
        image_encoder=manifest_encoder(encoders.image.card),
        caption_encoder=manifest_encoder(encoders.caption.card),
        data_from=datetime.fromtimestamp(float(events.at.min()), UTC),
        data_until=datetime.fromtimestamp(float(events.at.max()), UTC),
        trained_at=now,
        seed=plan.seed,
        recipe={**recipe_json(fitted.search_result.recipe), **started_from},
        metrics={} if shown is None else {f"{NEUCF} {name}": shown.figures[NEUCF][name].mean for name in SHOWN},
        final_ranker=evaluation.replay.ranker,
        numbering=installation_id(database),
    )


def recipe_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values."""
    return {name: getattr(recipe, name) for name in Recipe.__dataclass_fields__}


def _epoch_recorder(plan: EvaluationPlan, curves: LearningCurves) -> OnEpoch:
    reported, watch = EpochsReported(plan.report_progress), plan.watch

    def record(cut: str, epoch: EpochResult) -> None:
        curves.add(cut, epoch)
        watch.add("epochs", epoch.seconds)
        watch.count("epochs", 1)
        if epoch.validation is not None:
            watch.add("validation", epoch.validation_seconds)
            watch.count("validations", 1)
        reported.add(cut, epoch)

    return record
