"""Whether the lists are those of the reference: the same posts in the same order, but where rounding decides."""

from dataclasses import dataclass

import numpy as np

from benchmarks.score.plain import PlainLoop
from benchmarks.score.worlds import World

ROUNDING = 1e-5  # of the largest score in sight: float32 has 24 bits, and sums of 384 products lose some


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Lists of some users, against the reference."""

    users: int
    identical: float  # share of places in lists at which the same post stands
    gap: float  # largest difference of the reference's scores of two posts at the same place, over its largest score

    @property
    def are_the_same(self) -> bool:
        """Whether no difference is larger than rounding explains."""
        return self.gap <= ROUNDING

    def __str__(self) -> str:
        verdict = "equal to the reference" if self.are_the_same else "NOT the reference's"
        return f"lists of {self.users} users {verdict}: {self.identical:.2%} identical, else ties within {self.gap:.0e}"


def compared(world: World, reference: PlainLoop, n_users: int) -> Compared:
    """Compare the lists of the first users. A withheld post or a double in a list counts as an infinite gap."""
    ours = np.concatenate([block.indices for block in world.ranked(n_users)])
    same, gap = 0, 0.0
    for user, own_list in enumerate(ours):
        scores, reference_list = reference.scores(user).numpy(), reference.best(user)
        same += int((own_list == reference_list).sum())
        withheld = world.withheld.indices[world.withheld.starts[user] : world.withheld.starts[user + 1]]
        if np.isin(own_list, withheld).any() or len(np.unique(own_list)) < len(own_list) or (own_list < 0).any():
            gap = np.inf
            continue
        gap = max(gap, float(np.abs(scores[own_list] - scores[reference_list]).max() / np.abs(scores).max()))
    return Compared(users=n_users, identical=same / ours.size, gap=gap)
