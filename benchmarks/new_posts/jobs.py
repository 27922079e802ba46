"""Runs both rankers like their services, with an untrained model."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import torch

from s01_heuristic import job as heuristic
from s02_recsys_neucf import job as scoring
from s02_recsys_neucf.settings import ScoreSettings
from shared.candidates.ranking_input import load_ranking_input
from shared.content.encode_posts import build_encoders
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.models import promote_model, register_model
from shared.db.runs import Run, claim_run, finish_run, request_run
from shared.neucf.artefact import Artefact, save_artefact
from shared.neucf.config import NeuCFConfig
from shared.neucf.manifest import Manifest
from shared.neucf.merge import merge_members
from shared.neucf.model import NeuCF
from shared.neucf.vocab import Vocab
from shared.ranked_lists.job_store import JobStore
from shared.settings import HeuristicSettings, ListSettings, ModelSettings, NewPostSettings, WindowSettings

CONTENT = ContentSettings(text_encoder=OFFLINE_ENGLISH)  # it has nothing to encode: the posts are bare
MODEL = "model-1"


def run_heuristic(database: Database, writer: JobStore, new_posts: NewPostSettings) -> None:
    """One heuristic run."""
    settings = heuristic.JobSettings(
        window=WindowSettings(), lists=ListSettings(), formula=HeuristicSettings(), new_posts=new_posts
    )
    _run(
        database, heuristic.JOB, lambda run: heuristic.run_heuristic(database, writer, settings, run, datetime.now(UTC))
    )


def run_scoring(database: Database, writer: JobStore, folder: Path) -> None:
    """One scoring run of the champion."""
    settings = scoring.JobSettings(
        score=ScoreSettings(), model=ModelSettings(model_dir=folder), content=CONTENT, lists=ListSettings(),
        window=WindowSettings(), formula=HeuristicSettings(),
    )  # fmt: skip
    _run(database, scoring.JOB, lambda run: scoring.run_scoring(database, writer, settings, run, datetime.now(UTC)))


def make_champion(database: Database, folder: Path, *, seed: int = 1, members: int = 1) -> None:
    """Promote an untrained model that knows all users and posts, merged of so many members."""
    now, encoders = datetime.now(UTC), build_encoders(CONTENT)
    image, caption = manifest_encoder(encoders.image.card), manifest_encoder(encoders.caption.card)
    config = NeuCFConfig(image_width=encoders.image.card.width, caption_width=encoders.caption.card.width)
    world = load_ranking_input(database, WindowSettings(), ListSettings(), now)
    users, posts = Vocab.of(world.users.id_hashes), Vocab.of(world.posts.id_hashes)
    parts = [NeuCF(config, n_user_rows=users.n_rows, n_post_rows=posts.n_rows) for _ in range(members)]
    for member, part in enumerate(parts):
        part.start(torch.Generator().manual_seed(seed + member))
    model = merge_members(parts)
    manifest = Manifest(
        config=model.config, image_encoder=image, caption_encoder=caption, data_from=now - timedelta(days=14),
        data_until=now, trained_at=now, seed=seed, recipe={}, metrics={},
    )  # fmt: skip
    sha256 = save_artefact(folder / MODEL, Artefact(model, users, posts, manifest)).weights_sha256
    run_id = request_run(database, "train", by="benchmark")
    version = register_model(
        database, run_id=run_id, folder=MODEL, sha256=sha256, accepted=True, verdict="untrained", report={}
    )
    promote_model(database, version, by="benchmark")


def _run(database: Database, job: str, work: Callable[[Run], Mapping[str, Any]]) -> None:
    request_run(database, job, by="benchmark")
    run = claim_run(database, job, worker="benchmark")
    assert run is not None
    finish_run(database, run, report=work(run))
