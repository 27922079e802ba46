"""Makes the lists of a run: the champion's scores, ordered by its final ranker, with a reason for each post."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from s02_recsys_neucf.fused import RankerToApply, rank_fused
from s02_recsys_neucf.load import ScoringData
from s02_recsys_neucf.score import IndicesPerUser, RankedBlock, candidates_from, rank, users_from, with_serving_order
from shared.candidates.columns import PostIndex
from shared.candidates.heuristic_scores import HeuristicScores, is_popular, score_posts
from shared.candidates.ranking_input import RankingInput
from shared.db.runs import Run
from shared.domain import Source
from shared.neucf.artefact import Artefact
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.features import PostFeatures
from shared.neucf.score import vectors_of
from shared.neucf.serving_order import added_to_logits
from shared.neucf.sources.asked import Asked, Candidates, PostFacts
from shared.neucf.sources.facts import facts_of, known_of
from shared.neucf.sources.learned import learned_reasons
from shared.ranked_lists.codec import RankedList, encode
from shared.ranked_lists.codec_columns import Packed, entries_of, pack_posts
from shared.settings import HeuristicSettings, ListSettings

SECONDS_PER_DAY = 86_400
DAY = timedelta(days=1)  # over which the slope of popularity is taken, as in the replay


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListsToMake:
    """What the lists of a run are made from."""

    artefact: Artefact
    inputs: RankingInput
    data: ScoringData
    formula: HeuristicSettings  # of the heuristic's terms
    lists: ListSettings
    now: datetime

    @property
    def post_rows(self) -> npt.NDArray[np.int64]:
        """The model rows of the candidates; 0 = newer than the model. (n_candidates,)"""
        return self.artefact.posts.model_rows(self.inputs.posts.id_hashes)

    @property
    def age_days(self) -> npt.NDArray[np.float64]:
        """(n_candidates,)"""
        return (self.now.timestamp() - self.inputs.posts.created_at) / SECONDS_PER_DAY

    def heuristic(self, before: timedelta = timedelta(0)) -> HeuristicScores:
        """The heuristic's terms of the candidates, now or as they were some time before."""
        now = self.now - before
        events = self.inputs.candidate_events
        return score_posts(self.inputs.posts, events.before(now.timestamp()) if before else events, self.formula, now)


def made_lists(made_from: ListsToMake, run: Run) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and encoded list, block by block; users to whom nothing may be shown are left out."""
    inputs, ids = made_from.inputs, [made_from.inputs.users.ids[index] for index in made_from.data.users]
    index = PostIndex.of(inputs.post_numbers, inputs.posts.author_ids)
    withheld = IndicesPerUser.of([index.withheld(inputs.viewer(user_id)) for user_id in ids])
    for block, packed in _ranked(made_from, withheld):
        for user_id, entries in _entries(block, ids, packed):
            ranked = RankedList(source=Source.NEUCF, generation=run.fence, generated_at=made_from.now, entries=entries)
            yield user_id, encode(ranked)


def _ranked(made_from: ListsToMake, withheld: IndicesPerUser) -> Iterator[tuple[RankedBlock, Packed]]:
    """Blocks of lists, and for each place in them the packed post. (n_users, k)"""
    artefact, data, k = made_from.artefact, made_from.data, made_from.lists.list_length
    model, device, post_rows = artefact.model, next(artefact.model.parameters()).device, made_from.post_rows
    users = users_from(
        model,
        artefact.users.model_rows(data.user_id_hashes),
        data.liked,
        artefact.posts.model_rows(data.liked_id_hashes),
        data.liked_features,
        device,
    )
    candidates, numbers = candidates_from(model, post_rows, device, data.candidate_features), _numbers(made_from)
    if artefact.manifest.final_ranker.is_plain:
        photos, captions = data.candidate_features.image, data.candidate_features.caption
        why = learned_reasons(
            post_rows, has_photo=known_of(photos, len(post_rows)), has_caption=known_of(captions, len(post_rows))
        )
        packed = pack_posts(numbers, why)
        for block in rank(model, users, with_serving_order(candidates, serving_term(made_from)), withheld, k):
            yield block, packed[np.maximum(block.indices, 0)]
        return
    ranker, asked = _ranker(made_from), _asked(made_from)
    for fused in rank_fused(model, users, candidates, asked, withheld, ranker, k):
        yield fused, pack_posts(numbers[np.maximum(fused.indices, 0)], fused.reasons)


def _ranker(made_from: ListsToMake) -> RankerToApply:
    artefact = made_from.artefact
    return RankerToApply(
        ranker=artefact.manifest.final_ranker,
        trees=artefact.ranker_state.trees,
        serving_term=serving_term(made_from),
    )


def serving_term(made_from: ListsToMake) -> npt.NDArray[np.float32]:
    """What the serving order adds to every score of a candidate in this run. -> (n_candidates,)"""
    order = made_from.artefact.manifest.final_ranker.serving_order
    return added_to_logits(order, popularity=made_from.heuristic().popularity, age_days=made_from.age_days)


def _asked(made_from: ListsToMake) -> Asked:
    """What the sources are asked in this run."""
    data, terms, ranker = made_from.data, made_from.heuristic(), made_from.artefact.manifest.final_ranker
    authors = made_from.inputs.posts.author_id_hashes
    candidates = _facts(made_from, made_from.post_rows, authors, data.candidate_features)
    liked_rows = made_from.artefact.posts.model_rows(data.liked_id_hashes)
    return Asked(
        candidates=Candidates(
            posts=candidates,
            age_days=np.maximum(made_from.age_days, 0.0),
            popularity=terms.popularity,
            blended=terms.blended,
            is_popular=is_popular(terms, alpha=made_from.formula.alpha),
            earlier_popularity=made_from.heuristic(DAY).popularity if ranker.learned else None,
        ),
        liked_posts=_facts(made_from, liked_rows, data.liked_authors, data.liked_features),
        liked=data.liked.indices,
        starts=data.liked.starts[:-1],
        logits=np.zeros((data.liked.n_users, 0), np.float32),  # of each block, when it is ranked
        transitions=made_from.artefact.ranker_state.transitions,
    )


def _facts(
    made_from: ListsToMake, model_rows: npt.NDArray[np.int64], authors: npt.NDArray[np.int64], features: PostFeatures
) -> PostFacts:
    model = made_from.artefact.model
    vectors = vectors_of(model, model_rows, features, next(model.parameters()).device)
    return facts_of(model, model_rows, authors, features, vectors)


def _numbers(made_from: ListsToMake) -> npt.NDArray[np.uint32]:
    return np.asarray(made_from.inputs.post_numbers, np.uint32)


def _entries(block: RankedBlock, ids: list[str], packed: Packed) -> Iterator[tuple[str, bytes]]:
    entries = entries_of(packed, block.scores)
    shown = block.indices != NO_POST
    for index, user_id in enumerate(ids[block.users]):
        of_user = entries[index][shown[index]]
        if len(of_user):
            yield user_id, of_user.tobytes()
