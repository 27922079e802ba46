"""`python -m tests.faults.saving FOLDER DATABASE_URL RUN`: for each line of input, a child saves and registers models.

It does so over and over, in the order that training does it, until it is killed; a number on the output is its process.
"""

import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from shared.content.encode_posts import build_encoders
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.models import promote_model, register_model
from shared.db.phases import installation_id
from shared.db.runs import request_run
from shared.neucf.artefact import Artefact, save_artefact
from shared.neucf.config import NeuCFConfig
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.manifest import Encoder, Manifest
from shared.neucf.model import NeuCF
from shared.neucf.vocab import Vocab
from shared.settings import StoreSettings
from tests.encoders import built_once
from tests.flow.deployment import Deployment

USERS, POSTS = 12_000, 100  # 1.4 MB of weights
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def an_artefact(*, users: int = USERS, image: Encoder | None = None, caption: Encoder | None = None) -> Artefact:
    """An untrained model of some size."""
    config = NeuCFConfig(
        gmf_width=16,
        mlp_width=8,
        tower=(8, 4),
        image_width=image.width if image else 0,
        caption_width=caption.width if caption else 0,
    )
    model = NeuCF(config, n_user_rows=users + 1, n_post_rows=POSTS + 1)
    model.start(torch.Generator().manual_seed(0))
    manifest = Manifest(
        config=config,
        image_encoder=image,
        caption_encoder=caption,
        data_from=AT,
        data_until=AT,
        trained_at=AT,
        seed=0,
        recipe={},
        metrics={},
    )
    return Artefact(model, Vocab.of(np.arange(users)), Vocab.of(np.arange(POSTS)), manifest)


def make_champion(deployment: Deployment, folder: Path, ranker: FinalRanker | None = None) -> None:
    """An untrained model, on record as if it had won."""
    with built_once():
        encoders = build_encoders(ContentSettings(media_root=folder, text_encoder=OFFLINE_ENGLISH))
    image, caption = manifest_encoder(encoders.image.card), manifest_encoder(encoders.caption.card)
    made = an_artefact(image=image, caption=caption)
    made = replace(made, manifest=replace(made.manifest, final_ranker=ranker or FinalRanker()))
    saved = save_artefact(folder / "model-1", made)
    with deployment.database() as database:
        run, sha256 = request_run(database, "train", by="test"), saved.weights_sha256
        version = register_model(
            database, run_id=run, folder="model-1", sha256=sha256, accepted=True, verdict="", report={}
        )
        promote_model(database, version, by="test")


def main() -> None:
    """Start a child for each line, and tell its process and how it ended."""
    folder, url, run = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    artefact = an_artefact()
    for _ in sys.stdin:
        child = os.fork()  # PyTorch is imported once
        if child == 0:
            _save_for_ever(folder, url, run, artefact)
        _tell(child)
        _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _save_for_ever(folder: Path, url: str, run: int, artefact: Artefact) -> None:
    database = Database(StoreSettings(database_url=url, redis_url="redis://localhost"))
    manifest = replace(artefact.manifest, numbering=installation_id(database))
    artefact = Artefact(artefact.model, artefact.users, artefact.posts, manifest)
    while True:
        name = f"model-{time.time_ns()}"
        saved = save_artefact(folder / name, artefact)
        register_model(
            database, run_id=run, folder=name, sha256=saved.weights_sha256, accepted=False, verdict="a test", report={}
        )


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
