"""Chooses a final ranker on replayed cuts: the best serving order, unless another one is proven better than it. Pure.

A serving order costs nothing when lists are made and has two numbers, so the best one is taken, whatever the interval.
A ranker that asks several sources costs scoring time and can go wrong in more ways: like a model it has to be proven
better than what would be served without it. The comparison favours the serving order, which is the best of its grid on
the very likes that both are compared on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s02_train_neucf.evaluation.metrics import NAMES, Interval, mean_per_user
from s02_train_neucf.gate.cuts import MIN_ASKED, MIN_JUDGED
from shared.distinct import distinct
from shared.event_columns import Floats
from shared.neucf.final_ranker import FinalRanker

if TYPE_CHECKING:
    from s02_train_neucf.gate.replay import CutFigures

CHOSEN_BY = "ndcg@10"
PLAIN = 0  # index of the ranker that is the model's score alone
RISK = 0.025  # of taking a ranker that is no better than the serving order, shared among those that are tried

GainOf = Callable[[int, int, float], Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerComparison:
    """A ranker that is not plain beside the best serving order."""

    ranker: FinalRanker
    against: FinalRanker
    gain: Interval  # of NDCG@10; missed with RISK / number of such rankers on either side
    chosen: bool

    @property
    def sentence(self) -> str:
        """The result in words."""
        found = f"{self.ranker} beside {self.against}: gain of {CHOSEN_BY} {self.gain}"
        return f"{found}: {self._verdict}."

    @property
    def _verdict(self) -> str:
        if self.chosen:
            return "proven better, it ranks"
        return "better, and another one is best" if self.gain.low > 0 else "not proven better"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, for the report."""
        return {
            "ranker": self.ranker.to_json(), "against": self.against.to_json(), "found": self.sentence,
            "gain": {"mean": self.gain.mean, "low": self.gain.low, "high": self.gain.high}, "chosen": self.chosen,
        }  # fmt: skip


def choose_ranker(cuts: "Sequence[CutFigures]", rankers: Sequence[FinalRanker], gain_of: GainOf) -> int:
    """The index of the ranker to use after these cuts; with too few test users the score alone.

    `gain_of` gives the interval of the difference of two rankers' NDCG@10 on these cuts, from their indices and the
    risk that it is missed on either side.
    """
    plain, others = best_plain(cuts, rankers), _others(rankers)
    means = _means(cuts)
    if means is None or not others or len(others) == len(rankers) or _n_users(cuts) < MIN_JUDGED:
        return plain
    best = _best(means, others)
    return best if gain_of(best, plain, RISK / len(others)).low > 0 else plain


def compared(
    cuts: "Sequence[CutFigures]", rankers: Sequence[FinalRanker], choice: int, gain_of: GainOf
) -> tuple[RankerComparison, ...]:
    """Each ranker that is not plain beside the best serving order, for the report; none with too few test users."""
    others = _others(rankers)
    if not cuts or len(others) == len(rankers) or _n_users(cuts) < MIN_JUDGED:  # a champion is judged by its own
        return ()
    plain = best_plain(cuts, rankers)
    return tuple(
        RankerComparison(
            ranker=rankers[index],
            against=rankers[plain],
            gain=gain_of(index, plain, RISK / len(others)),
            chosen=index == choice,
        )
        for index in others
    )


def _others(rankers: Sequence[FinalRanker]) -> list[int]:
    return [index for index, ranker in enumerate(rankers) if not ranker.is_plain]


def best_plain(cuts: "Sequence[CutFigures]", rankers: Sequence[FinalRanker]) -> int:
    """The index of the best serving order on these cuts; the first ranker with too few test users, or without one."""
    means, plain = _means(cuts), [index for index, ranker in enumerate(rankers) if ranker.is_plain]
    return PLAIN if means is None or not plain else _best(means, plain)


def _best(means: Floats, indices: Sequence[int]) -> int:
    """Of equal ones the first, which is the simplest."""
    return indices[int(np.argmax(means[list(indices)]))]


def _means(cuts: "Sequence[CutFigures]") -> Floats | None:
    """The mean over users of each ranker; None with too few test users. -> (n_rankers,)"""
    if not cuts or _n_users(cuts) < MIN_ASKED:
        return None
    users = np.concatenate([cut.user_id_hashes for cut in cuts])
    values = np.concatenate([cut.by_ranker[:, :, NAMES.index(CHOSEN_BY)] for cut in cuts], axis=1)
    means: Floats = mean_per_user(users, values.T)[1].mean(axis=0)
    return means


def _n_users(cuts: "Sequence[CutFigures]") -> int:
    return len(distinct(np.concatenate([cut.user_id_hashes for cut in cuts])))
