"""Forgets the vectors of encoders that nobody needs any more, once a training has ended."""

from pathlib import Path

from shared.content.encode_posts import Encoders
from shared.db.engine import Database
from shared.db.models import aliased_models
from shared.db.vectors import ContentKind, drop_other_encoders
from shared.errors import ArtefactError
from shared.logs import log_event, log_trouble
from shared.neucf.artefact import read_manifest


def drop_unused_vectors(database: Database, model_dir: Path, encoders: Encoders) -> None:
    """Keep the vectors of the champion's encoders, of those of the model to roll back to, and of those just tried.

    So a challenger that was rejected need not encode everything again the next night, and a new champion's
    predecessor can be served again at once. What is kept of a model whose manifest cannot be read is not known: then
    all stays.
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
