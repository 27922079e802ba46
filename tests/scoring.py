"""Scoring runs by an untrained champion, of whose encoders only vectors are stored: fast, since no encoder
is loaded."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from s02_recsys_neucf.job import JOB, JobSettings, run_scoring
from s02_recsys_neucf.settings import ScoreSettings
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.models import promote_model, register_model
from shared.db.runs import finish_run, request_run
from shared.db.vectors import ContentKind, EncodedVector, store_vectors
from shared.neucf.artefact import Artefact, save_artefact
from shared.neucf.config import NeuCFConfig
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.manifest import Encoder, Manifest
from shared.neucf.model import NeuCF
from shared.neucf.rank_trees import RankTrees
from shared.neucf.ranker_files import RankerState
from shared.neucf.sources.transitions import Transitions
from shared.neucf.vocab import Vocab
from shared.ranked_lists.job_store import JobStore
from shared.settings import HeuristicSettings, ListSettings, ModelSettings, WindowSettings
from tests.stores import claimed_run
from tests.worlds import NOW

WIDTH = 4
IMAGE = Encoder(name="timm:", version="photos of the tests", width=WIDTH)  # a name that no encoder can have
CAPTION = Encoder(name="transformers:", version="captions of the tests", width=WIDTH)


def make_champion(
    database: Database,
    folder: Path,
    *,
    name: str = "model-1",
    image: Encoder = IMAGE,
    caption: Encoder = CAPTION,
    ranker: FinalRanker | None = None,
    trees: RankTrees | None = None,
) -> int:
    """Record and promote a model without users, with one vector of each of its encoders."""
    config = NeuCFConfig(
        gmf_width=16, mlp_width=8, tower=(8, 4), image_width=image.width, caption_width=caption.width
    )  # fmt: skip
    model = NeuCF(config, n_user_rows=2, n_post_rows=2)
    model.start(torch.Generator().manual_seed(0))
    manifest = Manifest(
        config=config, image_encoder=image, caption_encoder=caption, data_from=NOW - timedelta(days=14),
        data_until=NOW, trained_at=NOW, seed=0, recipe={}, metrics={},
        final_ranker=ranker or FinalRanker(),
    )  # fmt: skip
    users, posts = (Vocab.of(np.zeros(1, np.int64)) for _ in range(2))
    nothing_next = Transitions(np.zeros((2, 0), np.int32), np.zeros((2, 0), np.float32))
    state = RankerState(transitions=nothing_next, trees=trees)
    saved = save_artefact(folder / name, Artefact(model, users, posts, manifest, ranker_state=state))
    for part, encoder in ((ContentKind.IMAGE, image), (ContentKind.CAPTION, caption)):
        put_vectors(database, part, encoder, "no-post")
    version = register_model(
        database, run_id=request_run(database, "train", by="test"), folder=name, sha256=saved.weights_sha256,
        accepted=True, verdict="", report={},
    )  # fmt: skip
    promote_model(database, version, by="test")
    return version


def put_vectors(database: Database, part: ContentKind, encoder: Encoder, *post_ids: str) -> None:
    """Store vectors of these posts, all alike."""
    vector = np.full(encoder.width, 0.5, np.float32)
    encoded = [EncodedVector(post_id=post_id, source_hash="made up", vector=vector) for post_id in post_ids]
    store_vectors(database, part, encoder=encoder.version, encoded=encoded)


def score_settings(folder: Path, **lists: Any) -> JobSettings:
    return JobSettings(
        score=ScoreSettings(),
        model=ModelSettings(model_dir=folder),
        content=ContentSettings(),
        lists=ListSettings(**lists),
        window=WindowSettings(),
        formula=HeuristicSettings(),
    )


def score_run(
    database: Database, writer: JobStore, folder: Path, *, now: datetime = NOW, **lists: Any
) -> Mapping[str, Any]:
    """One whole scoring run: asked for, claimed, done, finished."""
    run = claimed_run(database, JOB)
    try:
        report = run_scoring(database, writer, score_settings(folder, **lists), run, now)
    except BaseException as error:
        finish_run(database, run, error=str(error))
        raise
    assert finish_run(database, run, report=report)
    return report
