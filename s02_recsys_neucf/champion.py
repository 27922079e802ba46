"""Loads the champion, and the encoders whose vectors it was trained with."""

import torch

from shared.content.encode_posts import Encoders, build_encoders, build_served_encoders
from shared.content.encoders.stored_only import StoredOnlyEncoder
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.models import ModelVersion
from shared.db.vectors import ContentKind, has_vectors
from shared.errors import ArtefactError
from shared.neucf.artefact import Artefact, load_artefact, read_manifest
from shared.settings import ModelSettings


def champion_encoders(
    database: Database, settings: ModelSettings, content: ContentSettings, model: ModelVersion
) -> Encoders:
    """The encoders that the champion was trained with; the settings may name others for the next training.

    Raises:
        ArtefactError: one cannot be built, and no vectors of it are stored.
    """
    manifest = read_manifest(settings.model_dir / model.folder, sha256=model.manifest_sha256)
    image, caption = manifest.image_encoder, manifest.caption_encoder
    if image is None or caption is None:
        return build_encoders(content)
    encoders = build_served_encoders(content, image=image, caption=caption)
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
