"""One scoring run: encode what is new, load, score the champion's lists, publish."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from s02_recsys_neucf.champion import champion_encoders, load_champion
from s02_recsys_neucf.choose_users import JOB as JOB
from s02_recsys_neucf.choose_users import ChosenUsers, choose_users, last_run, settings_hash
from s02_recsys_neucf.lists import PreparedCandidates, prepare_candidates, scored_lists
from s02_recsys_neucf.live import LiveModel, LoadedModel, live_model
from s02_recsys_neucf.load import ScoringData, load_scoring_data
from s02_recsys_neucf.recommend.held import HeldIndex
from s02_recsys_neucf.settings import ScoreSettings
from s02_recsys_neucf.similar.runs import neighbours_by_model, publish_content_neighbours
from s02_recsys_neucf.similar.similar_posts import SimilarPosts
from shared.candidates.ranking_input import RankingInput, catalogue_entries, load_ranking_input
from shared.content.encode_posts import Encoders, encode_new
from shared.content.settings import ContentSettings
from shared.db.arrivals import arrivals_mark
from shared.db.engine import Database
from shared.db.installation import earlier_ids
from shared.db.job_memory import remember
from shared.db.live_passes import wait_for_live_passes
from shared.db.models import ModelVersion, adopt_manifest, champion
from shared.db.phases import installation_id
from shared.db.rights import SCORING, refuse_without_rights
from shared.db.runs import Run, for_run
from shared.domain import Phase
from shared.errors import StoreUnavailable
from shared.jobs.stages import Stopwatch
from shared.logs import stage
from shared.neucf.artefact import Artefact
from shared.neucf.model_folder import refuse_foreign_folder
from shared.neucf.warm_up import compile_kernels
from shared.operations.safety import claim_redis
from shared.ranked_lists.job_store import JobStore, PublishedCounts
from shared.ranked_lists.publication import Publication
from shared.settings import HeuristicSettings, ListSettings, ModelSettings, RetentionSettings, WindowSettings

# Seconds of each step in the demo, for a run that has nothing to encode; only their ratios count.
STEPS = {"start": 5.0, "captions": 0.2, "photos": 0.2, "loading": 0.5, "lists": 2.0}
PROGRESS_EVERY = 100  # lists
LIVE_PASSES_END = timedelta(seconds=40)  # no pass takes longer: PostgreSQL would end its transaction
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """The settings that a run uses."""

    score: ScoreSettings
    model: ModelSettings
    content: ContentSettings
    lists: ListSettings
    window: WindowSettings
    formula: HeuristicSettings  # the final ranker uses its terms
    retention: RetentionSettings = field(default_factory=RetentionSettings)

    @property
    def hash(self) -> str:
        """Of all settings that shape the lists."""
        return settings_hash(self.lists, self.window, self.formula, self.score, self.retention)


OnScored = Callable[[LiveModel | None], object]
NO_CHAMPION = "no model is promoted; `warmline models` shows the verdicts"


def run_scoring(
    database: Database,
    writer: JobStore,
    settings: JobSettings,
    run: Run,
    now: datetime,
    on_scored: OnScored = lambda _: None,
    similar: SimilarPosts | None = None,
    held: HeldIndex | None = None,
) -> Mapping[str, Any]:
    """Score and publish; returns the report for the run's row. Without a champion no lists stay published.

    `on_scored` gets what live passes need, before the publication is complete; None without a champion. `similar` is
    what this process knows of similar posts from its last run; these are published in both cases. `held`
    gets what recommendations are made from; None: this process makes none.
    """
    watch, report = Stopwatch(), run.progress.report
    similar = SimilarPosts() if similar is None else similar
    database, writer = for_run(database, run), writer.for_run(JOB, run.fence)
    run.progress.plan(STEPS)
    model = champion(database)
    if model is None:
        on_scored(None)
        withdrawn = _without_champion(database, writer)
        on_compared = None if held is None else held.put_plain
        neighbours_of = publish_content_neighbours(database, writer, settings, similar, now, report, on_compared)
        return {**withdrawn, **neighbours_of}
    report("start", 0, 1)
    _refuse_early(database, writer, settings)
    with watch.part("start"):
        encoders = champion_encoders(database, settings.model, settings.content, model)
        artefact = load_champion(settings.model, model, encoders)
        if model.manifest_sha256 is None:
            adopt_manifest(database, model.version, artefact.manifest_sha256)
        compile_kernels(artefact.model.config)
    with watch.part("encode"):
        encoded = encode_new(database, encoders, settings.content, now, report)
    report("loading", 0, 1)
    with watch.part("load"):
        loaded = _load(database, writer, settings, model, encoders, now)
    with watch.part("publish"):
        published, prepared = _publish(database, writer, settings, artefact, loaded, run, now, on_scored)
    if loaded.chosen.digests is not None:
        remember(database, run, loaded.chosen.digests.to_bytes())
    _record_publication(writer, published, run, now, watch.seconds)
    with watch.part("similar"), stage("score.similar") as facts:
        features, vectors = loaded.data.candidate_features, prepared.vectors
        found = neighbours_by_model(similar, artefact, model.version, encoders, loaded.inputs, features, vectors)
        neighbours = found.publish(writer)
        if held is not None:
            held.put_scored(loaded.inputs, loaded.data, prepared, artefact, encoders, similar.index)
        facts.update(posts=neighbours.lists, bytes=neighbours.bytes)
    return {
        "model": model.version,
        "partial": loaded.chosen.is_partial,
        "mark": loaded.mark,
        "settings": settings.hash,
        "posts": len(loaded.inputs.posts),
        "lists": published.lists,
        "bytes": published.bytes,
        "similar": neighbours.lists,
        **encoded,
        "stages": watch.stages(),
        "seconds": round(watch.seconds, 3),
    }


def _without_champion(database: Database, writer: JobStore) -> Mapping[str, Any]:
    """Withdraw the lists of a champion that was demoted: their users get the next source, the heuristic."""
    withdrawn = 0
    if writer.has_published(Phase.NEUCF):
        claim_redis(database, writer)
        writer.refuse_earlier_runs()
        if not wait_for_live_passes(database, within=LIVE_PASSES_END):  # they may have begun with a champion
            raise StoreUnavailable(
                "a live pass has been under way for too long; the lists are withdrawn by the next run"
            )
        withdrawn = writer.withdraw_lists(Phase.NEUCF)
    return {"lists": 0, "withdrawn": withdrawn, "note": NO_CHAMPION}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRun:
    """The data that the lists of a run are made from."""

    mark: int  # of arrivals, taken before anything was read
    inputs: RankingInput
    chosen: ChosenUsers
    data: ScoringData
    encoders: Encoders


class LiveModelLoader:
    """Loads what live passes need beside the runs: new posts have come, or another process did the last run."""

    def __init__(
        self, settings: JobSettings, similar: SimilarPosts | None = None, held: HeldIndex | None = None
    ) -> None:
        self._settings, self._similar, self._held = settings, SimilarPosts() if similar is None else similar, held
        self._encoders: tuple[int, Encoders] | None = None  # of a model version; building them takes seconds

    def __call__(self, database: Database, generation: int, now: datetime) -> LoadedModel | None:
        """The model, and the active users; None without a champion or posts. New posts are encoded first."""
        settings, model = self._settings, champion(database)
        if model is None:
            return None
        if self._encoders is None or self._encoders[0] != model.version:
            self._encoders = model.version, champion_encoders(database, settings.model, settings.content, model)
        encoders, kept_since = self._encoders[1], settings.retention.kept_since(now)
        artefact = load_champion(settings.model, model, encoders)
        compile_kernels(artefact.model.config)
        encode_new(database, encoders, settings.content, now)
        inputs = load_ranking_input(database, settings.window, settings.lists, now, kept_since=kept_since)
        data = load_scoring_data(
            database, encoders, inputs, np.zeros(0, np.int64), history=settings.score.history,
            min_known=settings.lists.cold_min_positives, now=now, kept_since=kept_since,
        )  # fmt: skip
        if not len(inputs.posts):
            return None
        prepared = prepare_candidates(artefact, inputs, data, settings.formula, now)
        found = neighbours_by_model(
            self._similar, artefact, model.version, encoders, inputs, data.candidate_features, prepared.vectors
        )
        if self._held is not None:
            self._held.put_scored(inputs, data, prepared, artefact, encoders, self._similar.index)
        live = live_model(artefact, encoders, prepared, inputs, data, generation=generation)
        return LoadedModel(live=live, active=inputs.users.ids, publish=found.publish_changed)


def _refuse_early(database: Database, writer: JobStore, settings: JobSettings) -> None:
    """Check before the work what would make the run fail at its end."""
    refuse_foreign_folder(settings.model.model_dir, installation_id(database), earlier_ids(database))
    claim_redis(database, writer)  # repeated when publishing, because Redis may restart meanwhile
    writer.refuse_earlier_runs()
    refuse_without_rights(database, SCORING)


def _load(
    database: Database,
    writer: JobStore,
    settings: JobSettings,
    model: ModelVersion,
    encoders: Encoders,
    now: datetime,
) -> LoadedRun:
    with stage("score.load") as facts:
        mark = arrivals_mark(database)
        kept_since = settings.retention.kept_since(now)
        asked = writer.recent_list_requests(now)
        inputs = load_ranking_input(database, settings.window, settings.lists, now, asked, kept_since)
        full_hours = settings.score.score_full_hours
        last = last_run(database, model=model.version, settings=settings.hash, now=now, full_hours=full_hours)
        chosen = choose_users(
            database, inputs, last, mark=mark, full_hours=full_hours,
            has_lists=writer.has_published(Phase.NEUCF), now=now,
        )  # fmt: skip
        data = load_scoring_data(
            database, encoders, inputs, chosen.users, history=settings.score.history,
            min_known=settings.lists.cold_min_positives, now=now, kept_since=kept_since,
        )  # fmt: skip
        facts.update(posts=len(inputs.posts), users=len(data.users), partial=chosen.is_partial)
    return LoadedRun(mark=mark, inputs=inputs, chosen=chosen, data=data, encoders=encoders)


def _publish(
    database: Database,
    writer: JobStore,
    settings: JobSettings,
    artefact: Artefact,
    loaded: LoadedRun,
    run: Run,
    now: datetime,
    on_scored: OnScored,
) -> tuple[PublishedCounts, PreparedCandidates]:
    inputs, data = loaded.inputs, loaded.data
    with stage("score.publish") as facts:
        claim_redis(database, writer)
        writer.publish_catalogue(catalogue_entries(inputs))
        prepared = prepare_candidates(artefact, inputs, data, settings.formula, now)
        with database.read() as snapshot:
            asked = inputs.said.asked_by(snapshot, hides=inputs.hides, snapshots=database.read)
            followed = inputs.follows.of_users(
                snapshot, [inputs.users.ids[index] for index in data.users], data.user_id_hashes, inputs.viewer,
                share=settings.lists.following_share, now=now,
            )  # fmt: skip
        scored = scored_lists(
            artefact, prepared, inputs, data, settings.lists, asked=asked, followed=followed, generation=run.fence,
            now=now,
        )  # fmt: skip
        lists = _reported(scored, run, len(data.users))
        published = writer.publish_lists(lists, phase=Phase.NEUCF, job=JOB, run=run.fence)
        without = [*users_turned_cold(inputs, data, loaded.chosen), *inputs.not_personalised]
        dropped = writer.drop_lists(without, phase=Phase.NEUCF, version=inputs.version)
        facts.update(lists=published.lists, bytes=published.bytes, dropped=dropped)
        if len(inputs.posts):
            on_scored(live_model(artefact, loaded.encoders, prepared, inputs, data, generation=run.fence))
    return published, prepared


def users_turned_cold(inputs: RankingInput, data: ScoringData, chosen: ChosenUsers) -> list[str]:
    """Users who may have a list from an earlier run, and are cold now."""
    warm = {inputs.users.ids[index] for index in data.users}
    return sorted(user for index in chosen.users if (user := inputs.users.ids[index]) in chosen.drop_if_cold - warm)


def _reported(lists: Iterator[tuple[str, bytes]], run: Run, total: int) -> Iterator[tuple[str, bytes]]:
    """The same lists; reports progress from time to time."""
    for index, encoded_list in enumerate(lists):
        if index % PROGRESS_EVERY == 0:
            run.progress.report("lists", index, total)
        yield encoded_list


def _record_publication(writer: JobStore, published: PublishedCounts, run: Run, now: datetime, seconds: float) -> None:
    publication = Publication(run=run.fence, at=now, lists=published.lists, bytes=published.bytes, seconds=seconds)
    writer.note_publication(Phase.NEUCF, publication, job=JOB)
