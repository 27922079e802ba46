"""The manifest beside a model's weights: what the model is, what it was trained on and with, as strict JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self

from shared.errors import ArtefactError
from shared.neucf.config import NeuCFConfig
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.model_files import FORMAT, StoredFile, parse_manifest, refuse_other_format, stored_files
from shared.neucf.serving_order import ServingOrder

PACKAGES = ("numpy", "safetensors", "torch")  # whose versions may change results


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """The encoder whose vectors a model was trained on; vectors of two encoders are never mixed."""

    name: str
    version: str
    width: int  # numbers in a vector

    def __str__(self) -> str:
        return f"{self.name} {self.version} of width {self.width}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything about a model except its weights."""

    config: NeuCFConfig
    image_encoder: Encoder | None
    caption_encoder: Encoder | None
    data_from: datetime  # first event that training read
    data_until: datetime  # last event that training read
    trained_at: datetime
    seed: int
    recipe: Mapping[str, Any]  # hyper-parameters of the training, for the record
    metrics: Mapping[str, float]
    final_ranker: FinalRanker = field(default_factory=FinalRanker)  # what the replay chose
    numbering: str = ""  # the installation whose database computed the id hashes
    n_user_rows: int = 0
    n_post_rows: int = 0
    weights_sha256: str = ""
    weights_bytes: int = 0
    files: Mapping[str, StoredFile] = field(default_factory=dict)  # beside the weights: what the final ranker needs
    packages: Mapping[str, str] = field(default_factory=lambda: package_versions())

    def to_json(self) -> str:
        """Readable JSON, the format number first."""
        times = {name: getattr(self, name).isoformat() for name in _TIMES}
        values = {
            **asdict(self), **times, "config": self.config.to_json(), "final_ranker": self.final_ranker.to_json(),
        }  # fmt: skip
        return json.dumps({"format": FORMAT, **values}, indent=2, allow_nan=False) + "\n"

    @property
    def sha256(self) -> str:
        """Of the file that `to_json` makes, for the model's record."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a manifest back.

        Raises:
            ArtefactError: not JSON, another format, a field too many or too few, or of the wrong type.
        """
        values = dict(parse_manifest(content))
        if refuse_other_format(values.pop("format", None)) < FORMAT:
            values = _as_of_today(values)
        expected = {each.name for each in fields(cls)}
        if set(values) != expected:
            raise ArtefactError(f"manifest: got fields {sorted(values)}, expected {sorted(expected)}; retrain")
        try:
            times = {name: _time(values[name]) for name in _TIMES}
            encoders = {name: Encoder(**values[name]) if values[name] else None for name in _ENCODERS}
            shape = {
                "config": NeuCFConfig.from_json(values["config"]),
                "final_ranker": FinalRanker.from_json(values["final_ranker"]),
                "files": stored_files(values),
            }
            return cls(**{**values, **times, **encoders, **shape})
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise ArtefactError(f"manifest: a value has the wrong type ({error}); retrain") from error

    def expect_encoders(self, *, image: Encoder | None, caption: Encoder | None) -> None:
        """Refuse a model that was trained with other encoders than those in use.

        Raises:
            ArtefactError: with both encoders and the setting to look at.
        """
        for what, got, expected in (("image", self.image_encoder, image), ("caption", self.caption_encoder, caption)):
            if got != expected:
                variable = "WARMLINE_IMAGE_ENCODER" if what == "image" else "WARMLINE_TEXT_ENCODER"
                raise ArtefactError(f"{what} encoder: got {got}, expected {expected}; retrain, or set {variable}")


_TIMES = ("data_from", "data_until", "trained_at")
_ENCODERS = ("image_encoder", "caption_encoder")


def _as_of_today(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a manifest of format 3: its serving order was all that there could be."""
    rest = dict(values)
    order = ServingOrder.from_json(rest.pop("serving_order", {}))
    return {**rest, "final_ranker": FinalRanker(serving_order=order).to_json(), "files": {}}


def package_versions() -> dict[str, str]:
    """Versions of the packages that a model's numbers depend on."""

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "unknown"

    return {name: installed(name) for name in PACKAGES}


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return time
