"""Photos and captions encoded as the job does it, one by one as it is written in every README, and without the rest."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from benchmarks.turns import Work
from shared.content.encode_posts import CAPTIONS_PER_BATCH
from shared.content.encoders.image_timm import build_timm_encoder, timm_network, transform_of
from shared.content.encoders.protocol import TextEncoder
from shared.content.encoders.text_transformers import MAX_TOKENS, transformers_network
from shared.content.photos.photo_source import PhotoSource
from shared.content.settings import ContentSettings

IMAGE_MODEL, TEXT_MODEL = "tf_efficientnet_lite0", "sentence-transformers/all-MiniLM-L6-v2"
OURS, LOOP, BARE = "ours", "plain loop, one by one", "bare forward pass, full batches"


def photo_systems(folder: Path, names: Sequence[str], settings: ContentSettings) -> dict[str, Work]:
    """Each encodes all photos: read, decode, bring to size, compute; the bare pass only computes."""
    batch, n = settings.encode_batch, len(names)
    encoder = build_timm_encoder(IMAGE_MODEL, batch_size=batch)
    source = PhotoSource(media_root=folder, max_pixels=settings.max_pixels, threads=settings.image_threads)
    model = timm_network(IMAGE_MODEL).eval()
    transform = transform_of(model)
    full = torch.rand(batch, 3, 224, 224, generator=torch.Generator().manual_seed(0))

    def ours() -> float:
        parts = [names[start : start + batch] for start in range(0, n, batch)]
        photos = source.read_ahead(parts, lambda photo: encoder.prepare(photo.image), target=encoder.card.target_size)
        for prepared in photos:
            encoder.encode_prepared([each for each in prepared if isinstance(each, torch.Tensor)])
        return float(n)

    @torch.inference_mode()
    def loop() -> float:
        for name in names:
            with Image.open(folder / name) as image:
                model(transform(image.convert("RGB"))[None])
        return float(n)

    @torch.inference_mode()
    def bare() -> float:
        for _ in range(n // batch):
            model(full)
        return float(n // batch * batch)

    return {OURS: ours, LOOP: loop, BARE: bare}


def minilm_systems(captions: Sequence[str], encoder: TextEncoder, settings: ContentSettings) -> dict[str, Work]:
    """Ours in batches as the job asks for them, a plain loop over transformers, and the model alone."""
    tokenizer, model = transformers_network(TEXT_MODEL)
    model.eval()
    batch = settings.encode_batch

    def tokens_of(texts: Sequence[str]) -> dict[str, torch.Tensor]:
        given: dict[str, torch.Tensor] = tokenizer(
            list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        )
        return given

    ordered = sorted(captions, key=len)
    ready = [tokens_of(ordered[start : start + batch]) for start in range(0, len(ordered), batch)]

    @torch.inference_mode()
    def loop() -> float:
        for caption in captions:
            model(**tokens_of([caption])).last_hidden_state.mean(1)
        return float(len(captions))

    @torch.inference_mode()
    def bare() -> float:
        for tokens in ready:
            model(**tokens)
        return float(len(captions))

    return {OURS: partial(_as_the_job, captions, encoder, settings), LOOP: loop, BARE: bare}


def _as_the_job(captions: Sequence[str], encoder: TextEncoder, settings: ContentSettings) -> float:
    at_once = CAPTIONS_PER_BATCH * settings.encode_batch
    for start in range(0, len(captions), at_once):
        encoder.encode(captions[start : start + at_once])
    return float(len(captions))
