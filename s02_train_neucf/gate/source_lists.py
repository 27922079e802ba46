"""What sources said about lists of the replay, kept so that a final ranker can be learned from it, and judged. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.event_columns import Int64s
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.score import best_posts
from shared.neucf.sources.asked import Asked
from shared.neucf.sources.features import FEATURES, features_of
from shared.neucf.sources.fuse import SourceRanks
from shared.neucf.sources.reorder import REORDERED

_COLUMNS = ("posts", "values", "logits", "popularity", "age_days")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceLists:
    """Lists by all sources together, each about one user at one step; some 10 kB each."""

    posts: NDArray[np.int32]  # (n_lists, list_length) indices of posts, NO_POST after the last one
    values: NDArray[np.float32]  # (n_lists, n_head, n_features) of the first ones, REORDERED or fewer
    logits: NDArray[np.float32]  # (n_lists, n_head)
    popularity: NDArray[np.float32]  # (n_lists, n_head) the heuristic's term
    age_days: NDArray[np.float32]  # (n_lists, n_head)

    def __len__(self) -> int:
        return len(self.posts)

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """Some of the lists."""
        return type(self)(**{name: getattr(self, name)[kept] for name in _COLUMNS})

    @classmethod
    def joined(cls, parts: Iterable["SourceLists"]) -> Self | None:
        """All of these one after another; None of none."""
        every = list(parts)
        if not every:
            return None
        return cls(**{name: np.concatenate([getattr(part, name) for part in every]) for name in _COLUMNS})


def source_lists(asked: Asked, ranks: SourceRanks, candidates: Int64s, list_length: int) -> SourceLists:
    """The lists of a block of users; `candidates` are indices of posts, `ranks` those of all sources."""
    fused = ranks.fused()
    lists, _ = best_posts(fused, fused == 0, list_length)
    head = lists[:, :REORDERED]
    columns = np.maximum(head, 0)
    return SourceLists(
        posts=np.where(lists == NO_POST, NO_POST, candidates[np.maximum(lists, 0)]).astype(np.int32),
        values=features_of(asked, ranks, head) if len(lists) else np.zeros((*head.shape, len(FEATURES)), np.float32),
        logits=np.take_along_axis(asked.logits, columns, axis=1),
        popularity=asked.candidates.popularity.astype(np.float32)[columns],
        age_days=asked.candidates.age_days.astype(np.float32)[columns],
    )
