"""The candidates as recommendations need them: a run makes it, and requests are answered from it until the next one."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from s02_recsys_neucf.recommend.content_space import Cards, ContentSpace
from s02_recsys_neucf.recommend.liked_together import LikedTogether
from shared.candidates.ranking_input import RankingInput
from shared.event_columns import Int64s
from shared.neucf.artefact import Artefact
from shared.neucf.examples import SortedPosts, examples_of
from shared.neucf.fast.fused import FusedScorer
from shared.neucf.features import PostFeatures
from shared.neucf.score import PostVectors


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Champion:
    """The promoted model, and the candidates as it knows them."""

    artefact: Artefact
    vectors: PostVectors  # (n_candidates,)
    scorer: FusedScorer  # with the serving order's term
    reasons: Int64s  # (n_candidates,) codes of `Reason`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecommendIndex:
    """The candidates of a run."""

    post_numbers: Int64s  # (n_candidates,)
    id_hashes: Int64s  # (n_candidates,)
    order: Int64s  # (n_candidates,) which sorts the hashes
    content: ContentSpace
    likes: LikedTogether
    champion: Champion | None

    @classmethod
    def of(
        cls, inputs: RankingInput, posts: SortedPosts, features: PostFeatures, cards: Cards, champion: Champion | None
    ) -> Self:
        """Of a run's candidates.

        Args:
            inputs: of the run; the events of all who count.
            posts: all that anyone may see.
            features: (n_candidates,)
            cards: of the encoders of the features.
            champion: None: no model is promoted.
        """
        hashes = inputs.posts.id_hashes
        return cls(
            post_numbers=np.array(inputs.post_numbers, np.int64),
            id_hashes=hashes,
            order=np.argsort(hashes),
            content=ContentSpace.of(features, cards, None if champion is None else champion.artefact.model),
            likes=LikedTogether.of(examples_of(inputs.events, posts), hashes),
            champion=champion,
        )

    def __len__(self) -> int:
        return len(self.id_hashes)

    def indices_of(self, id_hashes: Int64s) -> Int64s:
        """The index of each post among the candidates; -1 where it is none."""
        if not len(self):
            return np.full(len(id_hashes), -1, np.int64)
        found = np.minimum(np.searchsorted(self.id_hashes, id_hashes, sorter=self.order), len(self) - 1)
        places = self.order[found]
        return np.where(self.id_hashes[places] == id_hashes, places, -1)
