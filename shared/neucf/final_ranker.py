"""What turns scores into lists: the last part of a model, chosen by the replay and written into the manifest. Pure.

- A serving order: the model's score and a term of each post. Nothing else is computed.
- Fused: several candidate sources, joined by reciprocal ranks.
- Learned: the first posts of a fused list, ordered by what a serving order says and trees correct.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from shared.errors import ArtefactError
from shared.neucf.serving_order import GRID, ServingOrder
from shared.neucf.sources.all_sources import SOURCE_NAMES, sources_named

MAX_SOURCES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRanker:
    """How lists are made; the default is the model's score alone."""

    serving_order: ServingOrder = field(default_factory=ServingOrder)
    fused: tuple[str, ...] = ()  # names of the sources that are joined; none: the serving order alone
    learned: bool = False  # whether trees, beside the weights, order the first posts; then all sources are joined

    def __post_init__(self) -> None:
        if not isinstance(self.fused, tuple) or len(self.fused) > MAX_SOURCES:
            raise ArtefactError(f"final ranker: got the sources {self.fused!r:.100}, expected a few names; retrain")
        for name in self.fused:
            if not isinstance(name, str) or self.fused.count(name) > 1:
                raise ArtefactError(f"final ranker: got the source {name!r:.100}, expected distinct names; retrain")
        sources_named(self.fused)
        if not isinstance(self.learned, bool) or (self.learned and set(self.fused) != set(SOURCE_NAMES)):
            raise ArtefactError(
                f"final ranker: got learned {self.learned!r:.50} of {self.fused}, expected all; retrain"
            )

    @property
    def is_plain(self) -> bool:
        """Whether the serving order alone decides."""
        return not self.fused

    def __str__(self) -> str:
        if self.learned:
            return f"learned from all sources, {self.serving_order}"
        return str(self.serving_order) if self.is_plain else f"{' + '.join(self.fused)}, by reciprocal ranks"

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return {"serving_order": self.serving_order.to_json(), "fused": list(self.fused), "learned": self.learned}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read a record back.

        Raises:
            ArtefactError: a value out of range.
            TypeError, KeyError: a field too many, too few, or of the wrong type.
        """
        rest = dict(values)
        order, fused = ServingOrder.from_json(rest.pop("serving_order")), rest.pop("fused")
        if not isinstance(fused, list):
            raise ArtefactError(f"final ranker: got the sources {fused!r:.100}, expected a list of names; retrain")
        return cls(serving_order=order, fused=tuple(fused), **rest)


# The first one is the model's score alone.
SERVING_ORDERS = tuple(FinalRanker(serving_order=order) for order in GRID)
# What the replay tries beside them: the model and present popularity as two rankings; all that there is; and, once
# there are lists to learn from, trees over all that there is.
FUSIONS = (FinalRanker(fused=("neucf", "heuristic")), FinalRanker(fused=SOURCE_NAMES))
LEARNED = FinalRanker(fused=SOURCE_NAMES, learned=True)
