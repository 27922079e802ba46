"""Makes lists of the champion's scores: candidates are prepared once, for a run and the live passes after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from s02_recsys_neucf.fused import FusedCandidates, LikedPosts, rank_fused
from s02_recsys_neucf.load import ScoringData
from s02_recsys_neucf.score import IndicesPerUser, RankedBlock, rank_prepared, users_from, with_serving_order
from shared.candidates.asked_for import AskedFor
from shared.candidates.columns import PostIndex
from shared.candidates.followed import FollowedPosts
from shared.candidates.heuristic_scores import HeuristicScores, is_popular, score_posts
from shared.candidates.ranking_input import RankingInput
from shared.domain import Source
from shared.neucf.artefact import Artefact
from shared.neucf.fast.fused import FusedScorer
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.model import UserSide
from shared.neucf.score import PostVectors, post_side_from, vectors_of
from shared.neucf.serving_order import added_to_logits
from shared.neucf.sources.asked import AskedCandidates
from shared.neucf.sources.facts import facts_of, known_of
from shared.neucf.sources.learned import learned_reasons
from shared.ranked_lists.codec import RankedList, encode_lists
from shared.ranked_lists.codec_columns import Packed, entries_of, pack_posts, with_reasons
from shared.settings import HeuristicSettings, ListSettings

SECONDS_PER_DAY = 86_400
DAY = timedelta(days=1)  # over which the slope of popularity is taken, as in the replay


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedCandidates:
    """The candidates of a run, ready to be scored for any user."""

    vectors: PostVectors  # (n_posts,)
    fused: FusedScorer  # with the serving order's term
    index: PostIndex
    packed: Packed  # (n_posts,) numbers and reasons
    by_sources: FusedCandidates | None  # None: the final ranker is plain

    def __len__(self) -> int:
        return len(self.packed)


def prepare_candidates(
    artefact: Artefact, inputs: RankingInput, data: ScoringData, formula: HeuristicSettings, now: datetime
) -> PreparedCandidates:
    """Compute what does not depend on users."""
    model, device = artefact.model, next(artefact.model.parameters()).device
    rows, ranker = artefact.posts.model_rows(inputs.posts.id_hashes), artefact.manifest.final_ranker
    vectors = vectors_of(model, rows, data.candidate_features, device)
    terms = heuristic_terms(inputs, formula, now)
    added = added_to_logits(ranker.serving_order, popularity=terms.popularity, age_days=age_days_of(inputs, now))
    posts, by_sources = post_side_from(model, vectors, rows), None
    if not ranker.is_plain:
        candidates = AskedCandidates(
            posts=facts_of(model, rows, inputs.posts.author_id_hashes, data.candidate_features, vectors),
            age_days=np.maximum(age_days_of(inputs, now), 0.0),
            popularity=terms.popularity,
            blended=terms.blended,
            is_popular=is_popular(terms, alpha=formula.alpha),
            earlier_popularity=heuristic_terms(inputs, formula, now, before=DAY).popularity,
        )
        by_sources = FusedCandidates(
            ranker=ranker, state=artefact.ranker_state, candidates=candidates, scorer=FusedScorer(model, posts),
            serving_term=added,
        )  # fmt: skip
    return PreparedCandidates(
        vectors=vectors,
        fused=FusedScorer(model, with_serving_order(posts, added)),
        index=PostIndex.of(inputs.post_numbers, inputs.posts.author_ids),
        packed=pack_posts(inputs.post_numbers, reasons(rows, data)),
        by_sources=by_sources,
    )


def heuristic_terms(
    inputs: RankingInput, formula: HeuristicSettings, now: datetime, *, before: timedelta = timedelta(0)
) -> HeuristicScores:
    """The heuristic's terms of the candidates, as they were some time before."""
    events, at = inputs.candidate_events, now - before
    return score_posts(inputs.posts, events.before(at.timestamp()) if before else events, formula, at)


def age_days_of(inputs: RankingInput, now: datetime) -> npt.NDArray[np.float64]:
    """The candidates' ages; below 0 for a post dated ahead. -> (n_posts,)"""
    return (now.timestamp() - inputs.posts.created_at) / SECONDS_PER_DAY


def scored_lists(
    artefact: Artefact,
    candidates: PreparedCandidates,
    inputs: RankingInput,
    data: ScoringData,
    lists: ListSettings,
    *,
    asked: AskedFor | None,
    followed: FollowedPosts | None,
    generation: int,
    now: datetime,
) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and encoded list, block by block; users to whom nothing may be shown are left out.

    Of users who have said or hidden something (`asked`), longer lists are scored, and cut in the order of that.
    """
    if asked is None:
        yield from _lists_of(artefact, candidates, inputs, data, lists, None, followed, generation=generation, now=now)
        return
    ids = [inputs.users.ids[index] for index in data.users]
    for group in asked.by_pool(ids):
        some = data if len(group) == len(ids) else data.take(group)
        said = asked if asked.has(ids[group[0]]) else None
        yield from _lists_of(artefact, candidates, inputs, some, lists, said, followed, generation=generation, now=now)


def _lists_of(
    artefact: Artefact,
    candidates: PreparedCandidates,
    inputs: RankingInput,
    data: ScoringData,
    lists: ListSettings,
    asked: AskedFor | None,
    followed: FollowedPosts | None,
    *,
    generation: int,
    now: datetime,
) -> Iterator[tuple[str, bytes]]:
    """The same of users of whom equally long lists are scored."""
    model, device = artefact.model, next(artefact.model.parameters()).device
    users = users_from(
        model,
        artefact.users.model_rows(data.user_id_hashes),
        data.liked,
        artefact.posts.model_rows(data.liked_id_hashes),
        data.liked_features,
        device,
    )
    ids = [inputs.users.ids[index] for index in data.users]
    withheld = IndicesPerUser.of([candidates.index.withheld(inputs.viewer(user_id)) for user_id in ids])
    head = RankedList(source=Source.NEUCF, generation=generation, generated_at=now, entries=b"")
    likes = None if candidates.by_sources is None else liked_posts(artefact, data)
    n_listed = lists.list_length if asked is None else asked.pool_of(ids, lists.list_length)
    for block, packed in ranked_blocks(candidates, users, likes, withheld, lists, n_listed=n_listed):
        yield from encoded_lists(
            block, packed, ids, head, asked=asked, followed=followed, length=lists.list_length, version=inputs.version
        )  # fmt: skip


def liked_posts(artefact: Artefact, data: ScoringData) -> LikedPosts:
    """What the users of a run liked, for sources."""
    model, rows = artefact.model, artefact.posts.model_rows(data.liked_id_hashes)
    vectors = vectors_of(model, rows, data.liked_features, next(model.parameters()).device)
    authors = data.posts.author_id_hashes[data.posts.indices(data.liked_id_hashes)]
    return LikedPosts(facts=facts_of(model, rows, authors, data.liked_features, vectors), liked=data.liked)


def ranked_blocks(
    candidates: PreparedCandidates,
    users: UserSide,
    likes: LikedPosts | None,
    withheld: IndicesPerUser,
    lists: ListSettings,
    *,
    n_listed: int,
) -> Iterator[tuple[RankedBlock, Packed]]:
    """Blocks of lists of this length by the final ranker, and the packed post of each place in them, (n_users, k).

    `likes` are those of the users; a plain ranker does not read them.
    """
    if not len(candidates) or not len(users.gmf):
        return
    if candidates.by_sources is None or likes is None:
        for block in rank_prepared(candidates.fused, users, withheld, n_listed):
            yield block, candidates.packed[np.maximum(block.indices, 0)]
        return
    for fused in rank_fused(candidates.by_sources, users, likes, withheld, k=n_listed, depth=lists.list_length):
        yield fused, with_reasons(candidates.packed[np.maximum(fused.indices, 0)], fused.reasons)


def reasons(post_rows: npt.NDArray[np.int64], data: ScoringData) -> npt.NDArray[np.int64]:
    """Why the model alone puts a post into a list. -> (n_posts,)"""
    image, caption, n_posts = data.candidate_features.image, data.candidate_features.caption, len(post_rows)
    return learned_reasons(post_rows, has_photo=known_of(image, n_posts), has_caption=known_of(caption, n_posts))


def encoded_lists(
    block: RankedBlock,
    packed: Packed,
    ids: list[str],
    head: RankedList,
    *,
    asked: AskedFor | None,
    followed: FollowedPosts | None,
    length: int,
    version: int,
) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and encoded list of this length; users to whom nothing may be shown are left out.

    `packed` holds the post of each place of the block's lists, (n_users, k).
    """
    entries = entries_of(packed, block.scores)
    shown = block.indices != NO_POST
    if asked is not None:
        asked.prepare(ids[block.users])
    for index, user_id in enumerate(ids[block.users]):
        own = entries[index][shown[index]]
        is_asking = asked is not None and asked.has(user_id)
        listed = asked.listed(user_id, own.tobytes(), length=length) if asked and is_asking else own[:length].tobytes()
        if followed is not None:
            listed = followed.listed(user_id, listed, length=length, asked=asked)
        if listed:
            yield user_id, encode_lists(head, [listed], version=version)[0]
