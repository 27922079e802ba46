"""By what people were served when they liked something, as far as it is known. Pure.

A like that came from a list of the model shows what the model had put before people, and so does not speak for itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.db.bulk_served import UNKNOWN, Int8s, Int32s, RolloutHistory, ServedLikes
from shared.domain import SOURCES_BY_CODE, Source
from shared.event_columns import Int64s
from shared.neucf.examples import Examples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LikeSources:
    """Columns beside those of some likes, in their order."""

    sources: Int8s  # (n_likes,) code of the page's source, an index in `SOURCES_BY_CODE`; UNKNOWN: the app did not say
    positions: Int32s  # (n_likes,) of the page's first post in its chain, from 0; UNKNOWN
    outside_rollout: NDArray[
        np.bool_
    ]  # (n_likes,) whether no model served: the heuristic's lists were in force for the user

    @classmethod
    def of(cls, likes: Examples, served_likes: ServedLikes, rollout: RolloutHistory) -> Self:
        """Of likes that are dated by the first event of their pair, as `examples_of` does."""
        sources, positions = served_likes.of_pairs(likes.user_id_hashes, likes.post_id_hashes)
        of_model = sources == SOURCES_BY_CODE.index(Source.NEUCF)  # a chain that began before a switch, for one
        outside = rollout.outside(likes.user_id_hashes, likes.at) & ~of_model
        return cls(sources=sources, positions=positions, outside_rollout=outside)

    def __len__(self) -> int:
        return len(self.sources)

    @classmethod
    def joined(cls, parts: Iterable["LikeSources"]) -> Self:
        """All of these one after another."""
        every = [NO_LIKE_SOURCES, *parts]
        return cls(
            sources=np.concatenate([part.sources for part in every]),
            positions=np.concatenate([part.positions for part in every]),
            outside_rollout=np.concatenate([part.outside_rollout for part in every]),
        )

    def where(self, kept: NDArray[np.bool_] | Int64s) -> Self:
        """Those of the likes that a mask keeps, or that are at these indices."""
        return type(self)(
            sources=self.sources[kept], positions=self.positions[kept], outside_rollout=self.outside_rollout[kept]
        )

    def is_from(self, source: Source | None) -> NDArray[np.bool_]:
        """Whether each like is known to come from a page of this source; None: from an unknown one. -> (n_likes,)"""
        is_from: NDArray[np.bool_] = self.sources == (UNKNOWN if source is None else SOURCES_BY_CODE.index(source))
        return is_from

    @classmethod
    def unknown(cls, n: int) -> Self:
        """Of so many likes of which nothing is known, by users whom no model served."""
        return cls(
            sources=np.full(n, UNKNOWN, np.int8),
            positions=np.full(n, UNKNOWN, np.int32),
            outside_rollout=np.ones(n, np.bool_),
        )


NO_LIKE_SOURCES = LikeSources(
    sources=np.zeros(0, np.int8), positions=np.zeros(0, np.int32), outside_rollout=np.zeros(0, np.bool_)
)
