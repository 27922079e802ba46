"""The order in which scored posts are served: a term per post that is added to every user's logits. Pure.

    order(user, post) = logit + w · ln(floor + popularity) − ln 2 · age / half-life

A softmax logit is the log of an unnormalised probability, so each term multiplies a probability: w = 1 makes a
post that is now twice as popular twice as likely, and each half-life halves it. The replay chooses from `GRID`; the
choice is written into the model's manifest, and the scoring job uses the same function.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shared.errors import ArtefactError

Floats = NDArray[np.float64]

# On a scale in [0, 1]: at weight 1 a post without events keeps a hundredth of the most popular one's chance.
POPULARITY_FLOOR = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOrder:
    """How much present popularity and age weigh beside the model's score; the default is the score alone."""

    popularity_weight: float = 0.0  # from 0 up
    half_life_days: float | None = None  # above 0; None: age does not matter

    def __post_init__(self) -> None:
        if not _is_number(self.popularity_weight) or not 0 <= self.popularity_weight < math.inf:
            raise ArtefactError(f"popularity_weight: got {self.popularity_weight!r}, expected a number from 0; retrain")
        half_life = self.half_life_days
        if half_life is not None and (not _is_number(half_life) or not 0 < half_life < math.inf):
            raise ArtefactError(f"half_life_days: got {half_life!r}, expected a number above 0 or null; retrain")

    def __str__(self) -> str:
        age = "any age" if self.half_life_days is None else f"half-life {self.half_life_days:g} days"
        return f"popularity × {self.popularity_weight:g}, {age}"

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read a record back.

        Raises:
            ArtefactError: a value out of range.
            TypeError: a field too many.
        """
        return cls(**values)


def added_to_logits(order: ServingOrder, *, popularity: Floats, age_days: Floats) -> NDArray[np.float32]:
    """The term of each post. -> (n_posts,)

    Args:
        order: the weights.
        popularity: (n_posts,) the heuristic's own popularity term, in [0, 1].
        age_days: (n_posts,) at the time of the run; below 0 counts as 0 (promise 11).
    """
    term = order.popularity_weight * np.log(POPULARITY_FLOOR + popularity)
    if order.half_life_days is not None:
        term = term - math.log(2) * np.maximum(age_days, 0.0) / order.half_life_days
    return np.asarray(term, dtype=np.float32)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# The first one is the score alone.
GRID = tuple(
    ServingOrder(popularity_weight=weight, half_life_days=half_life)
    for weight, half_life in product((0.0, 0.5, 1.0, 2.0, 4.0), (None, 30.0, 7.0, 2.0))
)
