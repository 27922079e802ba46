"""What the judged likes came from. Whoever served is rewarded: people like what they are shown. Pure.

A ranker that was shown gets hits that another one could have had, and nothing in the likes tells how many. Users
outside the rollout are shown the heuristic's lists whatever the model is, so where there are enough of them, they alone
decide. That errs on the side of the heuristic, as the first model's replay does. Otherwise the report says what is not
known.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.gate.baselines import GATE_BASELINES
from s02_train_neucf.gate.cuts import MIN_JUDGED
from shared.domain import Source
from shared.event_columns import Floats, Int64s

if TYPE_CHECKING:
    from s02_train_neucf.gate.pair_gains import PairGains

NEARLY_NONE = 0.01  # of the likes: where fewer are of users whom a model may have served, it does not matter


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShare:
    """The likes of one source, and by how much NeuCF gained from them over the baseline that the gate asks about."""

    likes: int
    users: int
    gain: float  # of NDCG@10, as far as it comes from these likes; the mean over these users


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedShares:
    """The judged likes by what served them; empty before there is a replay."""

    by_source: tuple[tuple[str, SourceShare], ...] = ()  # name -> its likes
    over: str = ""  # the baseline that these gains are over: the better one of the gate's, for those who decide
    outside: tuple[int, ...] = ()  # id hashes of users who were outside the rollout with all their likes, ascending
    share_inside: float = 0.0  # of the likes, of users whom a model may have served

    @property
    def is_of_models(self) -> bool:
        """Whether a model may have served a share of the likes that matters."""
        return self.share_inside > NEARLY_NONE

    @property
    def decides(self) -> bool:
        """Whether the users outside the rollout alone decide."""
        return self.is_of_models and len(self.outside) >= MIN_JUDGED

    @property
    def sentence(self) -> str:
        """What a reader of the verdict must know; empty if no model served."""
        if not self.is_of_models:
            return ""
        n_outside = len(self.outside)
        if self.decides:
            return f"The gain is that of the {n_outside} users outside the rollout, whom no model served."
        return (
            f"{self.share_inside:.0%} of the likes are of users whom a model may have served, and people like what they"
            f" are shown: this favours a model like it. {n_outside} users were outside the rollout; {MIN_JUDGED} would"
            " decide alone."
        )

    def is_outside(self, pairs: "PairGains") -> NDArray[np.bool_]:
        """Whether each pair is of a user who was outside the rollout with all their likes. -> (n_pairs,)"""
        return np.isin(pairs.user_id_hashes, np.array(self.outside, dtype=np.int64))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, for the report; without the users."""
        return {
            "over": self.over,
            "by_source": {name: asdict(share) for name, share in self.by_source},
            "share_inside_the_rollout": self.share_inside,
            "users_outside_the_rollout": len(self.outside),
            "decided_by_users_outside": self.decides,
        }


def served_shares(pairs: "PairGains", baselines: Sequence[str]) -> ServedShares:
    """What served the likes of these pairs, whose systems are these baselines and then NeuCF."""
    shares = _who_served(pairs)
    deciding = shares.is_outside(pairs) if shares.decides else np.ones(len(pairs), np.bool_)
    of_gate = [index for index, name in enumerate(baselines) if name in GATE_BASELINES]
    best = max(of_gate, key=lambda index: pairs.gains[index, deciding].sum())
    by_source = _by_source(pairs, pairs.gains[-1] - pairs.gains[best])
    return replace(shares, by_source=by_source, over=baselines[best])


def _who_served(pairs: "PairGains") -> ServedShares:
    """Without the gains."""
    is_inside = ~pairs.served.outside_rollout
    users, user = np.unique(pairs.user_id_hashes, return_inverse=True)
    n_inside = np.bincount(user, is_inside, minlength=len(users))
    return ServedShares(
        outside=tuple(users[n_inside == 0].tolist()),
        share_inside=float(np.mean(is_inside)) if len(pairs) else 0.0,
    )


def _by_source(pairs: "PairGains", differences: Floats) -> tuple[tuple[str, SourceShare], ...]:
    """The likes of each group that has some. Differences: (n_pairs,)"""
    served = pairs.served
    _, user = np.unique(pairs.user_id_hashes, return_inverse=True)
    groups = {
        **{f"pages of {source}": served.is_from(source) for source in Source},
        "unknown pages": served.is_from(None),
        "later pages": served.positions > 0,
        "users outside the rollout": served.outside_rollout,
    }
    return tuple(
        (name, _share(user[mask], pairs.shares[mask], differences[mask])) for name, mask in groups.items() if mask.any()
    )


def _share(user: Int64s, shares: Floats, differences: Floats) -> SourceShare:
    """The likes of one group; each user weighs one, whatever part of their likes is in it."""
    present, index = np.unique(user, return_inverse=True)
    of_users = np.bincount(index, differences) / np.bincount(index, shares)
    return SourceShare(likes=len(user), users=len(present), gain=float(of_users.mean()))
