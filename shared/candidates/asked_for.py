"""Orders a user's list by what they asked for: more or less of an author, a tag, a word, or posts like one. Pure.

Neither a heuristic's score nor a model's logit says how much "more" is, and both rankers must mean the same by it. So
it is a matter of ranks: a post that is wholly what more was asked for comes `STRENGTH` times as early, one that less
was asked for `STRENGTH` times as late, and what only partly is, in between. What was asked for is never trained on.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from shared.db.viewers_say import Wish
from shared.domain import Reason
from shared.event_columns import Floats
from shared.preferences.rules import ViewerRules
from shared.ranked_lists.codec import MAX_POST_NUMBER
from shared.ranked_lists.codec_columns import LAYOUT, Entries, with_reason

# Eight: a post of which more was asked comes from the 40th to the 6th place, and from beyond the list's eightfold only
# in place of posts of which less was asked.
STRENGTH = 8.0
# A post is like another from this many spreads (standard deviations of all candidates' nearness to it) above the mean
# on, and wholly from FULLY_ALIKE on: about one post in fifteen, and one in seven hundred.
ALIKE, FULLY_ALIKE = 1.5, 3.0

Bools = npt.NDArray[np.bool_]


class Strengths(NamedTuple):
    """How much candidates are what was asked for; those that are not at all are left out."""

    indices: npt.NDArray[np.int64]  # (n_found,) ascending
    values: Floats  # (n_found,) in (0, 1]


def order_asked_for(wishes: Floats, *, at_most: int) -> npt.NDArray[np.int64]:
    """The new order of a ranking. (n_posts,) wishes in [-1, 1], best first -> (at most `at_most`,) indices in it"""
    ranks = np.arange(1, len(wishes) + 1) * STRENGTH ** -np.clip(wishes, -1.0, 1.0)
    order: npt.NDArray[np.int64] = np.argsort(ranks, kind="stable")[:at_most]
    return order


def alikeness(nearness: Floats) -> Floats:
    """How much each post is like another, from its nearness (cosine) to it. (n_posts,) -> (n_posts,) in [0, 1]

    NaN (a post without a vector) is not like anything.
    """
    spread = float(np.nanstd(nearness)) if np.isfinite(nearness).any() else 0.0
    if spread == 0.0:
        return np.zeros_like(nearness)
    return alike_by_spreads((nearness - float(np.nanmean(nearness))) / spread)


def alike_by_spreads(above: Floats) -> Floats:
    """The same from by how many spreads the nearness is above the mean."""
    return np.nan_to_num(np.clip((above - ALIKE) / (FULLY_ALIKE - ALIKE), 0.0, 1.0))


class Lowering(Protocol):
    """What users are shown less of although they did not ask for it: posts that are near to those that they hid."""

    most: float  # of a wish: nothing is lowered by more

    def has(self, user_id: str) -> bool:
        """Whether anything is lowered for this user."""
        ...

    def prepare(self, user_ids: Collection[str]) -> None:
        """Read together what is needed of these users: quicker than one by one."""
        ...

    def wishes(self, user_id: str, candidates: npt.NDArray[np.int64]) -> Floats:
        """For these candidates. -> (n_candidates,) in [-most, 0]"""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedFor:
    """What users have said, over the candidates of a run; users who said and hid nothing are not in it."""

    sorted_numbers: npt.NDArray[np.uint32]  # (n_posts,) post numbers, ascending
    indices: npt.NDArray[np.int64]  # (n_posts,) index of the candidate with each of these numbers
    wishes: Mapping[str, Sequence[Wish]]
    rules: Mapping[str, ViewerRules]
    strength_of: Callable[[str, str], Strengths]  # about, target
    withheld_by: Callable[[ViewerRules], Bools]  # -> (n_posts,)
    lowering: Lowering | None = None  # None: nobody hid anything

    def has(self, user_id: str) -> bool:
        """Whether a list of this user is made otherwise."""
        return self._has_said(user_id) or self._is_lowered(user_id)

    def pool_of(self, user_ids: Iterable[str], length: int) -> int:
        """How many entries of the ranker's lists are needed for lists of this length of these users."""
        said = [self._has_said(user_id) for user_id in user_ids if self.has(user_id)]
        if any(said):
            return pool_of(length)
        return self._lowered_pool(length) if said else length

    def by_pool(self, user_ids: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """Indices of these users in groups of whom the ranker's lists must be equally long; no group is empty."""
        kinds = np.array([2 * self._has_said(user) + self._is_lowered(user) for user in user_ids], np.int64)
        groups = (np.flatnonzero(kinds == 0), np.flatnonzero(kinds == 1), np.flatnonzero(kinds >= 2))
        return [group for group in groups if len(group)]

    def prepare(self, user_ids: Collection[str]) -> None:
        """Read together what the lists of these users need. Before `listed`, for a block of users."""
        if self.lowering is not None:
            self.lowering.prepare(user_ids)

    def _has_said(self, user_id: str) -> bool:
        return user_id in self.wishes or user_id in self.rules

    def _is_lowered(self, user_id: str) -> bool:
        return self.lowering is not None and self.lowering.has(user_id)

    def _lowered_pool(self, length: int) -> int:
        """Enough for who only hid something: what stands further down cannot come into the list."""
        return length if self.lowering is None else math.ceil(length * STRENGTH**self.lowering.most)

    def listed(self, user_id: str, ranked: bytes, *, length: int) -> bytes:
        """A user's list of this length.

        Args:
            user_id: who.
            ranked: the packed entries of their list as the ranker made it, `pool_of([user_id], length)` of them, or
                more, or all.
            length: of the list.
        """
        entries: Entries = np.frombuffer(ranked, LAYOUT)
        if not self._has_said(user_id):
            entries = entries[: self._lowered_pool(length)]
        candidates = self._candidates_of(entries)
        if (rules := self.rules.get(user_id)) is not None:
            shown = ~self.withheld_by(rules)[candidates]
            entries, candidates = entries[shown], candidates[shown]
        if user_id not in self.wishes and not self._is_lowered(user_id):
            return entries[:length].tobytes()
        wishes = self._wishes_of(user_id)[candidates] if user_id in self.wishes else np.zeros(len(candidates))
        if self.lowering is not None and self.lowering.has(user_id):
            wishes = wishes + self.lowering.wishes(user_id, candidates)
        order = order_asked_for(wishes, at_most=length)
        chosen = entries[order]
        asked = wishes[order] > 0
        chosen[asked] = with_reason(chosen[asked], Reason.YOU_ASKED)
        return chosen.tobytes()

    def refused(self, user_id: str, candidates: npt.NDArray[np.int64]) -> Bools:
        """Which of these candidates are withheld from a user, or are what they want less of. -> (n_candidates,)"""
        refused = np.zeros(len(candidates), np.bool_)
        if (rules := self.rules.get(user_id)) is not None:
            refused |= self.withheld_by(rules)[candidates]
        if user_id in self.wishes:
            refused |= self._wishes_of(user_id)[candidates] < 0
        return refused

    def _wishes_of(self, user_id: str) -> Floats:
        """(n_posts,) in [-1, 1]; of several wishes the sum counts."""
        total = np.zeros(len(self.indices))
        for wish in self.wishes[user_id]:
            found = self.strength_of(wish.about, wish.target)
            total[found.indices] += wish.sign * found.values
        return np.clip(total, -1.0, 1.0)

    def _candidates_of(self, entries: Entries) -> npt.NDArray[np.int64]:
        numbers = entries["packed"] & np.uint32(MAX_POST_NUMBER)
        return self.indices[np.searchsorted(self.sorted_numbers, numbers)]


def pool_of(length: int) -> int:
    """How many entries of the ranker's list are needed for a list of this length of who asked for something."""
    return int(length * STRENGTH)
