"""Splits a heuristic score into its parts, computed from the score, the post's age and the settings. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from shared.heuristic import recency
from shared.settings import HeuristicSettings

FLOAT16_STEP = 2.0**-11  # of a number below 1, as lists hold scores
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreParts:
    """score = α · popularity + (1 − α) · recency."""

    alpha: float
    popularity: float
    recency: float

    def __str__(self) -> str:
        return f"{self.alpha:g} × {self.popularity:.2f} popularity + {1 - self.alpha:g} × {self.recency:.2f} recency"


def parts_of(score: float, age: timedelta, formula: HeuristicSettings) -> ScoreParts | None:
    """Both terms; None if no popularity gives that score: it was computed with other settings.

    Args:
        score: from the list.
        age: of the post at the time of the list.
        formula: the current settings.
    """
    fresh = recency(max(0.0, age / HOUR), formula.half_life_hours)
    if formula.alpha == 0:
        return ScoreParts(alpha=0.0, popularity=0.0, recency=round(fresh, 4)) if abs(score - fresh) < 0.01 else None
    popular = (score - (1 - formula.alpha) * fresh) / formula.alpha
    slack = 2 * FLOAT16_STEP / formula.alpha
    if not -slack <= popular <= 1 + slack:
        return None
    return ScoreParts(alpha=formula.alpha, popularity=round(min(1.0, max(0.0, popular)), 4), recency=round(fresh, 4))
