"""The champion as a model to start from, where it can be: same numbering of ids, and a file that is whole."""

from pathlib import Path

import torch

from s02_train_neucf.learning.warm_start import Predecessor
from shared.db.engine import Database
from shared.db.installation import earlier_ids
from shared.db.models import champion
from shared.db.phases import installation_id
from shared.errors import ArtefactError
from shared.logs import log_event, log_trouble
from shared.neucf.artefact import load_artefact, read_manifest
from shared.neucf.manifest import Encoder


def champion_to_start_from(
    database: Database, model_dir: Path, *, image: Encoder, caption: Encoder
) -> Predecessor | None:
    """The champion, or None where there is none, or none that can be used; the log says which.

    An encoder that was changed only costs its own layer; keys that another database gave out mean other people.
    `image` and `caption` are the encoders in force.
    """
    served = champion(database)
    if served is None:
        log_event("train.cold_start", reason="no champion yet")
        return None
    folder = model_dir / served.folder
    try:
        manifest = read_manifest(folder)
        if manifest.numbering not in {installation_id(database), *earlier_ids(database)}:
            log_event("train.cold_start", reason=f"model {served.version} numbers the users of another database")
            return None
        kept = load_artefact(
            folder,
            image=manifest.image_encoder,
            caption=manifest.caption_encoder,
            device=torch.device("cpu"),
            sha256=served.sha256,
            manifest_sha256=served.manifest_sha256,
        )
    except ArtefactError as error:
        log_trouble("train.cold_start", reason=f"model {served.version}: {error}")
        return None
    return Predecessor(
        name=f"model {served.version}",
        model=kept.model,
        users=kept.users,
        posts=kept.posts,
        same_image=manifest.image_encoder == image,
        same_caption=manifest.caption_encoder == caption,
    )
