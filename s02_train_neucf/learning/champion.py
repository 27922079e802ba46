"""The champion as a model to start from, if its id hashes are those of this database and its files are intact."""

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
    """The champion, or None if there is none or it cannot be used; the log says why.

    Another encoder only means that its layer starts anew; a model of another installation is about other users.
    `image` and `caption` are the current encoders.
    """
    model_on_record = champion(database)
    if model_on_record is None:
        log_event("train.cold_start", reason="no champion yet")
        return None
    folder = model_dir / model_on_record.folder
    try:
        manifest = read_manifest(folder)
        if manifest.numbering not in {installation_id(database), *earlier_ids(database)}:
            log_event(
                "train.cold_start", reason=f"model {model_on_record.version} numbers the users of another database"
            )
            return None
        artefact = load_artefact(
            folder,
            image=manifest.image_encoder,
            caption=manifest.caption_encoder,
            device=torch.device("cpu"),
            sha256=model_on_record.sha256,
            manifest_sha256=model_on_record.manifest_sha256,
        )
    except ArtefactError as error:
        log_trouble("train.cold_start", reason=f"model {model_on_record.version}: {error}")
        return None
    return Predecessor(
        name=f"model {model_on_record.version}",
        model=artefact.model,
        users=artefact.users,
        posts=artefact.posts,
        same_image=manifest.image_encoder == image,
        same_caption=manifest.caption_encoder == caption,
    )
