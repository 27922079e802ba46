"""The champion as a model to start from or to judge, if its id hashes are those of this database and it is intact."""

from dataclasses import dataclass, field
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
from shared.neucf.manifest import Encoder, Manifest
from shared.neucf.ranker_files import RankerState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Champion:
    """The model that is served."""

    version: int
    model: Predecessor
    manifest: Manifest
    ranker_state: RankerState = field(default_factory=RankerState)


def champion_to_start_from(
    database: Database, model_dir: Path, *, image: Encoder, caption: Encoder
) -> Predecessor | None:
    """The champion, or None if there is none or it cannot be used; the log says why.

    Another encoder only means that its layer starts anew. `image` and `caption` are the current encoders.
    """
    try:
        found = load_champion(database, model_dir, image=image, caption=caption)
    except ArtefactError as error:
        log_trouble("train.cold_start", reason=str(error))
        return None
    if found is None:
        log_event("train.cold_start", reason="no champion yet")
        return None
    return found.model


def load_champion(database: Database, model_dir: Path, *, image: Encoder, caption: Encoder) -> Champion | None:
    """The champion with its weights; None if there is none. `image` and `caption` are the current encoders.

    Raises:
        ArtefactError: its files are not whole, or it is about the users of another database.
    """
    model_on_record = champion(database)
    if model_on_record is None:
        return None
    version, folder = model_on_record.version, model_dir / model_on_record.folder
    try:
        manifest = read_manifest(folder)
        if manifest.numbering not in {installation_id(database), *earlier_ids(database)}:
            raise ArtefactError("it numbers the users of another database")
        artefact = load_artefact(
            folder,
            image=manifest.image_encoder,
            caption=manifest.caption_encoder,
            device=torch.device("cpu"),
            sha256=model_on_record.sha256,
            manifest_sha256=model_on_record.manifest_sha256,
        )
    except ArtefactError as error:
        raise ArtefactError(f"model {version}: {error}") from error
    model = Predecessor(
        name=f"model {version}",
        model=artefact.model,
        users=artefact.users,
        posts=artefact.posts,
        same_image=manifest.image_encoder == image,
        same_caption=manifest.caption_encoder == caption,
    )
    return Champion(version=version, model=model, manifest=manifest, ranker_state=artefact.ranker_state)
