"""The shape of a NeuCF model: one frozen record, saved in the artefact and read back strictly."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from shared.errors import ArtefactError, ConfigurationError

# Both protect from a manifest that would use all memory.
MAX_WIDTH = 8192  # numbers in one vector
MAX_LAYERS = 16  # of a tower
MEMBERS = 3  # models that start from different random values and are served as their mean
WITHOUT_ORDER: Mapping[str, Any] = {
    "recent": 0,
    "recent_hidden": 64,
    "recent_dropout": 0.5,
    "recent_full": False,
    "members": 1,
}  # of models before these fields
WHOLE_CONTENT: Mapping[str, Any] = {"content_half_likes": 0, "nearness": 0}  # of models with content before these


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuCFConfig:
    """Widths and switches of the model. The defaults are what EXPERIMENTS.md measured best on validation cuts."""

    gmf_width: int = 128  # numbers per user and post in the product term
    mlp_width: int = 8  # numbers per user and post that enter the MLP
    tower: tuple[int, ...] = (8,)  # widths of the hidden layers; the first is split into a user and a post part
    image_width: int = 0  # numbers in an image vector; 0: the model knows no images
    caption_width: int = 0  # numbers in a caption vector; 0: the model knows no captions
    content_width: int = 32  # principal components that are kept of an image or caption vector, at most
    content_half_likes: int = 60  # likes of a post at which its content counts one half; 0: it always counts whole
    nearness: int = 256  # posts in the reference of nearness, by which unseen posts are scored too; 0: no nearness
    history: bool = True  # whether the mean of a user's liked posts joins the user's own vector
    recent: int = 50  # of a user's latest likes, how many join it as well, by their order; 0: none
    recent_hidden: int = 64  # numbers in the hidden layer over them
    recent_dropout: float = 0.5  # share of what enters that layer that training sets to zero
    recent_full: bool = False  # whether they are mapped by a full matrix; else by one weight for each mean and number
    members: int = 1  # merged into this model, see `merge`; each reads latest likes by itself
    post_bias: bool = True  # whether each post has a score of its own, the same for all users
    dropout: float = 0.0  # share of the first hidden layer that training sets to zero
    id_dropout: float = 0.1  # share of user and post rows that training replaces by the unknown row

    def __post_init__(self) -> None:
        for name in ("gmf_width", "mlp_width", "content_width", "recent_hidden", "members"):
            _check_width(name, getattr(self, name), smallest=1)
        for name in ("image_width", "caption_width", "content_half_likes", "nearness", "recent"):
            _check_width(name, getattr(self, name), smallest=0)
        if not isinstance(self.tower, tuple) or not 0 < len(self.tower) <= MAX_LAYERS:
            raise ConfigurationError(f"tower: got {self.tower!r:.200}, expected from 1 to {MAX_LAYERS} layer widths")
        for width in self.tower:
            _check_width("tower", width, smallest=1)
        if self.gmf_width % self.members or self.mlp_width % self.members:
            raise ConfigurationError(f"members: got {self.members}, which do not share {self.width} numbers evenly")
        for name in ("history", "post_bias", "recent_full"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigurationError(f"{name}: got {getattr(self, name)!r}, expected true or false")
        for name in ("dropout", "id_dropout", "recent_dropout"):
            share = getattr(self, name)
            if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
                raise ConfigurationError(f"{name}: got {share!r}, expected a share in [0, 1)")

    @property
    def width(self) -> int:
        """Numbers in a whole user or post vector: the part for GMF, then the part for the MLP."""
        return self.gmf_width + self.mlp_width

    @property
    def nearness_widths(self) -> dict[str, int]:
        """The components of each part whose nearness counts: image, caption; empty: none does."""
        counts = self.nearness > 0 and self.history
        widths = {"image": self.image_width, "caption": self.caption_width} if counts else {}
        return {part: min(self.content_width, width) for part, width in widths.items() if width}

    @property
    def has_content(self) -> bool:
        """Whether posts have photos or captions."""
        return self.image_width > 0 or self.caption_width > 0

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values, without fields that the model has no use for, as before they existed."""
        values = {**asdict(self), "tower": list(self.tower)}
        shrinks = self.has_content and (self.content_half_likes or self.nearness)
        unused = {*(() if self.recent else WITHOUT_ORDER), *(() if shrinks else WHOLE_CONTENT)}
        return {name: each for name, each in values.items() if name not in unused}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read the record back.

        Raises:
            ArtefactError: a name too many or too few, or a value out of range.
        """
        expected = {field.name for field in fields(cls)}
        has_content = bool(values.get("image_width") or values.get("caption_width"))
        without = WHOLE_CONTENT if has_content else {name: getattr(cls(), name) for name in WHOLE_CONTENT}
        for older in (WITHOUT_ORDER, without):
            values = values if values.keys() & older.keys() else {**older, **values}
        if set(values) != expected:
            raise ArtefactError(
                f"manifest config: got unknown {sorted(set(values) - expected)} and "
                f"lacks {sorted(expected - set(values))}; this model was made by another version, retrain"
            )
        tower = values["tower"]
        if not isinstance(tower, list):
            raise ArtefactError(f"manifest config tower: got {tower!r}, expected a list of widths")
        try:
            return cls(**{**values, "tower": tuple(tower)})
        except ConfigurationError as error:
            raise ArtefactError(f"manifest config {error}") from error


def _check_width(name: str, width: object, *, smallest: int) -> None:
    if isinstance(width, bool) or not isinstance(width, int) or not smallest <= width <= MAX_WIDTH:
        raise ConfigurationError(f"{name}: got {width!r}, expected a whole number from {smallest} to {MAX_WIDTH}")
