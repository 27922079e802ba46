"""Deletes the vectors of encoders that are no longer needed, at the end of a training."""

from pathlib import Path

from shared.content.encode_posts import Encoders
from shared.db.engine import Database
from shared.db.models import aliased_models
from shared.db.vectors import ContentKind, drop_other_encoders
from shared.errors import ArtefactError
from shared.logs import log_event, log_trouble
from shared.neucf.artefact import read_manifest


def drop_unused_vectors(database: Database, model_dir: Path, encoders: Encoders) -> None:
    """Keep the vectors of the encoders of the champion, of the model to roll back to, and of this training.

    So after a rejection nothing has to be encoded again the next night, and the previous champion can be served again
    at once. If a manifest cannot be read, nothing is deleted.
    """
    kept = {ContentKind.IMAGE: {encoders.image.card.identity}, ContentKind.CAPTION: {encoders.caption.card.identity}}
    try:
        for model in aliased_models(database):
            manifest = read_manifest(model_dir / model.folder)
            for part, encoder in (
                (ContentKind.IMAGE, manifest.image_encoder),
                (ContentKind.CAPTION, manifest.caption_encoder),
            ):
                kept[part] |= {encoder.version} if encoder is not None else set()
    except ArtefactError as error:
        log_trouble("train.vectors_kept", reason=error)
        return
    for part, identities in kept.items():
        dropped = drop_other_encoders(database, part, keep=identities)
        if dropped:
            log_event("train.vectors_dropped", part=part.value, count=dropped)
