"""One scoring run: encode what is new, load, score the champion's lists, publish."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from s02_recsys_neucf.choose_users import JOB as JOB
from s02_recsys_neucf.choose_users import ChosenUsers, choose_users, last_run, settings_hash
from s02_recsys_neucf.load import ScoringData, load_scoring_data
from s02_recsys_neucf.score import IndicesPerUser, RankedBlock, candidates_from, rank, users_from, with_serving_order
from s02_recsys_neucf.settings import ScoreSettings
from shared.candidates.asked_for import AskedFor, pool_of
from shared.candidates.columns import PostIndex
from shared.candidates.heuristic_scores import score_posts
from shared.candidates.load_asked_for import load_asked_for
from shared.candidates.ranking_input import RankingInput, catalogue_entries, load_ranking_input
from shared.content.encode_posts import Encoders, build_encoders, build_served_encoders, encode_new
from shared.content.encoders.stored_only import StoredOnlyEncoder
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.arrivals import arrivals_mark
from shared.db.engine import Database
from shared.db.installation import earlier_ids
from shared.db.job_memory import remember
from shared.db.models import ModelVersion, adopt_manifest, champion
from shared.db.phases import installation_id
from shared.db.rights import SCORING, refuse_without_rights
from shared.db.runs import Run, for_run
from shared.db.vectors import ContentKind, has_vectors
from shared.domain import Phase, Reason, Source
from shared.errors import ArtefactError
from shared.jobs.stages import Stopwatch
from shared.logs import stage
from shared.neucf.artefact import Artefact, load_artefact, read_manifest
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.model_folder import refuse_foreign_folder
from shared.neucf.serving_order import ServingOrder, added_to_logits
from shared.neucf.warm_up import compile_kernels
from shared.operations.safety import claim_redis
from shared.ranked_lists.codec import RankedList, encode
from shared.ranked_lists.codec_columns import Packed, entries_of, pack_posts
from shared.ranked_lists.job_store import JobStore, PublishedCounts
from shared.ranked_lists.publication import Publication
from shared.settings import HeuristicSettings, ListSettings, ModelSettings, RetentionSettings, WindowSettings

# Seconds of each step in the demo, for a run that has nothing to encode; only their ratios count.
STEPS = {"start": 5.0, "captions": 0.2, "photos": 0.2, "loading": 0.5, "lists": 2.0}
PROGRESS_EVERY = 100  # lists
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """The settings that a run uses."""

    score: ScoreSettings
    model: ModelSettings
    content: ContentSettings
    lists: ListSettings
    window: WindowSettings
    formula: HeuristicSettings  # the serving order uses its popularity term
    retention: RetentionSettings = field(default_factory=RetentionSettings)

    @property
    def hash(self) -> str:
        """Of all settings that shape the lists."""
        return settings_hash(self.lists, self.window, self.formula, self.score, self.retention)


def run_scoring(
    database: Database, writer: JobStore, settings: JobSettings, run: Run, now: datetime
) -> Mapping[str, Any]:
    """Score and publish; returns the report for the run's row. Without a champion nothing stays published."""
    watch, report = Stopwatch(), run.progress.report
    database, writer = for_run(database, run), writer.for_run(JOB, run.fence)
    run.progress.plan(STEPS)
    model = champion(database)
    if model is None:
        return _without_champion(database, writer)
    report("start", 0, 1)
    _refuse_early(database, writer, settings)
    with watch.part("start"):
        encoders = champion_encoders(database, settings, model)
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
        published = _publish(database, writer, settings, artefact, loaded, run, now)
    if loaded.chosen.digests is not None:
        remember(database, run, loaded.chosen.digests.to_bytes())
    _record_publication(writer, published, run, now, watch.seconds)
    return {
        "model": model.version,
        "partial": loaded.chosen.is_partial,
        "mark": loaded.mark,
        "settings": settings.hash,
        "posts": len(loaded.inputs.posts),
        "lists": published.lists,
        "bytes": published.bytes,
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
        withdrawn = writer.withdraw_lists(Phase.NEUCF)
    return {"lists": 0, "withdrawn": withdrawn, "note": "no model is promoted; `warmline models` shows the verdicts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRun:
    """The data that the lists of a run are made from."""

    mark: int  # of arrivals, taken before anything was read
    inputs: RankingInput
    chosen: ChosenUsers
    data: ScoringData


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
            database, encoders, inputs, chosen.users, history=timedelta(days=settings.score.history_days),
            min_known=settings.lists.cold_min_positives, now=now, kept_since=kept_since,
        )  # fmt: skip
        facts.update(posts=len(inputs.posts), users=len(data.users), partial=chosen.is_partial)
    return LoadedRun(mark=mark, inputs=inputs, chosen=chosen, data=data)


def _publish(
    database: Database,
    writer: JobStore,
    settings: JobSettings,
    artefact: Artefact,
    loaded: LoadedRun,
    run: Run,
    now: datetime,
) -> PublishedCounts:
    inputs, data = loaded.inputs, loaded.data
    with stage("score.publish") as facts:
        claim_redis(database, writer)
        writer.publish_catalogue(catalogue_entries(inputs))
        added = serving_term(artefact.manifest.serving_order, inputs, settings.formula, now)
        with database.read() as snapshot:
            asked = load_asked_for(snapshot, inputs.posts, inputs.post_numbers)
        made = scored_lists(artefact, inputs, data, added, settings.lists, run, now, asked=asked)
        lists = _reported(made, run, len(data.users))
        published = writer.publish_lists(lists, phase=Phase.NEUCF, job=JOB, run=run.fence)
        without = [*users_turned_cold(inputs, data, loaded.chosen), *inputs.not_personalised]
        dropped = writer.drop_lists(without, phase=Phase.NEUCF)
        facts.update(lists=published.lists, bytes=published.bytes, dropped=dropped)
    return published


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


def champion_encoders(database: Database, settings: JobSettings, model: ModelVersion) -> Encoders:
    """The encoders that the champion was trained with; the settings may name others for the next training.

    Raises:
        ArtefactError: one cannot be built, and no vectors of it are stored.
    """
    manifest = read_manifest(settings.model.model_dir / model.folder, sha256=model.manifest_sha256)
    image, caption = manifest.image_encoder, manifest.caption_encoder
    if image is None or caption is None:
        return build_encoders(settings.content)
    encoders = build_served_encoders(settings.content, image=image, caption=caption)
    for part, encoder in ((ContentKind.IMAGE, encoders.image), (ContentKind.CAPTION, encoders.caption)):
        if isinstance(encoder, StoredOnlyEncoder) and not has_vectors(database, part, encoder=encoder.card.identity):
            raise ArtefactError(
                f"{part} encoder: model {model.version} wants {encoder.card.identity}, which cannot be built here, and"
                " none of its vectors is stored; install it, or retrain"
            )
    return encoders


def load_champion(settings: ModelSettings, model: ModelVersion, encoders: Encoders) -> Artefact:
    """The champion's model, refused unless it fits the encoders whose vectors are read.

    Raises:
        ArtefactError: damaged, of another format, or made for other encoders; got and expected.
    """
    return load_artefact(
        settings.model_dir / model.folder,
        image=manifest_encoder(encoders.image.card),
        caption=manifest_encoder(encoders.caption.card),
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        sha256=model.sha256,
        manifest_sha256=model.manifest_sha256,
    )


def serving_term(
    order: ServingOrder, inputs: RankingInput, formula: HeuristicSettings, now: datetime
) -> npt.NDArray[np.float32]:
    """What the serving order adds to every score of a candidate in this run. -> (n_posts,)"""
    popularity = score_posts(inputs.posts, inputs.candidate_events, formula, now).popularity
    return added_to_logits(
        order, popularity=popularity, age_days=(now.timestamp() - inputs.posts.created_at) / SECONDS_PER_DAY
    )


def scored_lists(
    artefact: Artefact,
    inputs: RankingInput,
    data: ScoringData,
    added: npt.NDArray[np.float32],
    lists: ListSettings,
    run: Run,
    now: datetime,
    *,
    asked: AskedFor | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and encoded list, block by block; users to whom nothing may be shown are left out.

    `added` is the serving order's term of each candidate, from `serving_term`. Of users who have said something
    (`asked`), longer lists are scored, and cut when they are in the order that was asked for.
    """
    length = lists.list_length
    ids = [inputs.users.ids[index] for index in data.users]
    asks = np.array([asked is not None and asked.has(user_id) for user_id in ids], np.bool_)
    others = data if not asks.any() else data.take(np.flatnonzero(~asks))
    for user_id, entries in _ranked_entries(artefact, inputs, others, added, length):
        yield user_id, _encoded(entries, run, now)
    if asked is not None and asks.any():
        asking = data.take(np.flatnonzero(asks))
        for user_id, pool in _ranked_entries(artefact, inputs, asking, added, pool_of(length)):
            if entries := asked.listed(user_id, pool, length=length):
                yield user_id, _encoded(entries, run, now)


def _encoded(entries: bytes, run: Run, now: datetime) -> bytes:
    return encode(RankedList(source=Source.NEUCF, generation=run.fence, generated_at=now, entries=entries))


def _ranked_entries(
    artefact: Artefact, inputs: RankingInput, data: ScoringData, added: npt.NDArray[np.float32], length: int
) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and the packed entries of a list of this length."""
    model, device = artefact.model, next(artefact.model.parameters()).device
    post_rows = artefact.posts.model_rows(inputs.posts.id_hashes)
    users = users_from(
        model,
        artefact.users.model_rows(data.user_id_hashes),
        data.liked,
        artefact.posts.model_rows(data.liked_id_hashes),
        data.liked_features,
        device,
    )
    candidates = with_serving_order(candidates_from(model, post_rows, device, data.candidate_features), added)
    index = PostIndex.of(inputs.post_numbers, inputs.posts.author_ids)
    ids = [inputs.users.ids[index] for index in data.users]
    withheld = IndicesPerUser.of([index.withheld(inputs.viewer(user_id)) for user_id in ids])
    packed = pack_posts(inputs.post_numbers, reasons(post_rows, data))
    for block in rank(model, users, candidates, withheld, length):
        yield from _entries(block, ids, packed)


def reasons(post_rows: npt.NDArray[np.int64], data: ScoringData) -> npt.NDArray[np.int64]:
    """Why a post is in a list: the model learned it from likes, or, if it is newer, its photo or caption."""
    image, caption = data.candidate_features.image, data.candidate_features.caption
    cold = post_rows == 0
    by_caption = cold & caption.known if caption is not None else np.zeros_like(cold)
    by_image = cold & image.known if image is not None else np.zeros_like(cold)
    codes = np.where(by_caption, Reason.SIMILAR_CAPTION, Reason.FOR_YOU)
    return np.where(by_image, Reason.SIMILAR_PHOTO, codes)


def _entries(block: RankedBlock, ids: list[str], packed: Packed) -> Iterator[tuple[str, bytes]]:
    entries = entries_of(packed[np.maximum(block.indices, 0)], block.scores)
    shown = block.indices != NO_POST
    for index, user_id in enumerate(ids[block.users]):
        of_user = entries[index][shown[index]]
        if len(of_user):
            yield user_id, of_user.tobytes()


def _record_publication(writer: JobStore, published: PublishedCounts, run: Run, now: datetime, seconds: float) -> None:
    publication = Publication(run=run.fence, at=now, lists=published.lists, bytes=published.bytes, seconds=seconds)
    writer.note_publication(Phase.NEUCF, publication, job=JOB)
