"""The candidates as recommendations need them: a run makes it, and requests are answered from it until the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from s02_recsys_neucf.recommend.liked_together import LikedTogether
from s02_recsys_neucf.similar.search import PostVectorIndex
from shared.content.encoders.protocol import EncoderCard
from shared.db.vectors import ContentKind
from shared.event_columns import Int64s
from shared.neucf.artefact import Artefact
from shared.neucf.examples import Examples
from shared.neucf.fast.fused import FusedScorer
from shared.neucf.score import PostVectors

EncoderCards = Mapping[ContentKind, EncoderCard]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServedModel:
    """The promoted model, and the candidates as it knows them."""

    artefact: Artefact
    vectors: PostVectors  # (n_candidates,)
    scorer: FusedScorer  # with the serving order's term
    reasons: Int64s  # (n_candidates,) codes of `Reason`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecommendIndex:
    """The candidates of a run."""

    post_numbers: Int64s  # (n_candidates,)
    vectors: PostVectorIndex  # (n_candidates,) in the same order; shared with similar posts
    order: Int64s  # (n_candidates,) which sorts the id hashes
    cards: EncoderCards  # of the encoders of these vectors
    likes: LikedTogether
    champion: ServedModel | None

    @classmethod
    def of(
        cls,
        *,
        post_numbers: Sequence[int],
        likes: Examples,
        vectors: PostVectorIndex,
        cards: EncoderCards,
        champion: ServedModel | None,
    ) -> Self:
        """Of a run's candidates.

        Args:
            post_numbers: (n_candidates,) theirs in Redis.
            likes: of all who count, of any posts.
            vectors: (n_candidates,) in the same order.
            cards: of the encoders of these vectors.
            champion: None: no model is promoted.
        """
        return cls(
            post_numbers=np.array(post_numbers, np.int64),
            vectors=vectors,
            order=np.argsort(vectors.id_hashes),
            cards=cards,
            likes=LikedTogether.of(likes, vectors.id_hashes),
            champion=champion,
        )

    def __len__(self) -> int:
        return len(self.order)

    @property
    def id_hashes(self) -> Int64s:
        """(n_candidates,)"""
        return self.vectors.id_hashes

    def indices_of(self, id_hashes: Int64s) -> Int64s:
        """The index of each post among the candidates; -1 where it is none."""
        if not len(self):
            return np.full(len(id_hashes), -1, np.int64)
        found = np.minimum(np.searchsorted(self.id_hashes, id_hashes, sorter=self.order), len(self) - 1)
        places = self.order[found]
        return np.where(self.id_hashes[places] == id_hashes, places, -1)
