"""Makes lists of the champion's scores: candidates are prepared once, for a run and the live passes after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from s02_recsys_neucf.load import ScoringData
from s02_recsys_neucf.score import IndicesPerUser, RankedBlock, rank_prepared, users_from, with_serving_order
from shared.candidates.asked_for import AskedFor, pool_of
from shared.candidates.columns import PostIndex
from shared.candidates.heuristic_scores import score_posts
from shared.candidates.ranking_input import RankingInput
from shared.domain import Reason, Source
from shared.neucf.artefact import Artefact
from shared.neucf.fast.fused import FusedScorer
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.score import PostVectors, post_side_from, vectors_of
from shared.neucf.serving_order import ServingOrder, added_to_logits
from shared.ranked_lists.codec import RankedList, encode_lists
from shared.ranked_lists.codec_columns import Packed, entries_of, pack_posts
from shared.settings import HeuristicSettings, ListSettings

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedCandidates:
    """The candidates of a run, ready to be scored for any user."""

    vectors: PostVectors  # (n_posts,)
    fused: FusedScorer  # with the serving order's term
    index: PostIndex
    packed: Packed  # (n_posts,) numbers and reasons

    def __len__(self) -> int:
        return len(self.packed)


def prepare_candidates(
    artefact: Artefact, inputs: RankingInput, data: ScoringData, formula: HeuristicSettings, now: datetime
) -> PreparedCandidates:
    """Compute what does not depend on users."""
    model, device = artefact.model, next(artefact.model.parameters()).device
    rows = artefact.posts.model_rows(inputs.posts.id_hashes)
    vectors = vectors_of(model, rows, data.candidate_features, device)
    added = serving_term(artefact.manifest.serving_order, inputs, formula, now)
    return PreparedCandidates(
        vectors=vectors,
        fused=FusedScorer(model, with_serving_order(post_side_from(model, vectors, rows), added)),
        index=PostIndex.of(inputs.post_numbers, inputs.posts.author_ids),
        packed=pack_posts(inputs.post_numbers, reasons(rows, data)),
    )


def serving_term(
    order: ServingOrder, inputs: RankingInput, formula: HeuristicSettings, now: datetime
) -> npt.NDArray[np.float32]:
    """What the serving order adds to every score of a candidate in this run. -> (n_posts,)"""
    popularity = score_posts(inputs.posts, inputs.candidate_events, formula, now).popularity
    return added_to_logits(
        order, popularity=popularity, age_days=(now.timestamp() - inputs.posts.created_at) / SECONDS_PER_DAY
    )


def scored_lists(
    artefact: Artefact,
    candidates: PreparedCandidates,
    inputs: RankingInput,
    data: ScoringData,
    lists: ListSettings,
    *,
    asked: AskedFor | None,
    generation: int,
    now: datetime,
) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and encoded list, block by block; users to whom nothing may be shown are left out.

    Of users who have said something (`asked`), longer lists are scored, and cut in the order that was asked for.
    """
    if asked is not None:
        asks = np.array([asked.has(inputs.users.ids[index]) for index in data.users], np.bool_)
        if asks.any():
            for some, said in ((data.take(np.flatnonzero(~asks)), None), (data.take(np.flatnonzero(asks)), asked)):
                yield from _lists_of(artefact, candidates, inputs, some, lists, said, generation=generation, now=now)
            return
    yield from _lists_of(artefact, candidates, inputs, data, lists, None, generation=generation, now=now)


def _lists_of(
    artefact: Artefact,
    candidates: PreparedCandidates,
    inputs: RankingInput,
    data: ScoringData,
    lists: ListSettings,
    asked: AskedFor | None,
    *,
    generation: int,
    now: datetime,
) -> Iterator[tuple[str, bytes]]:
    """The same of users all of whom, or none, have said something."""
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
    length = lists.list_length
    if len(candidates) and ids:
        for block in rank_prepared(candidates.fused, users, withheld, length if asked is None else pool_of(length)):
            yield from encoded_lists(
                block, ids, candidates.packed, head, asked=asked, length=length, version=inputs.version
            )  # fmt: skip


def reasons(post_rows: npt.NDArray[np.int64], data: ScoringData) -> npt.NDArray[np.int64]:
    """Why a post is in a list: the model learned it from likes, or, if it is newer, its photo or caption."""
    image, caption = data.candidate_features.image, data.candidate_features.caption
    cold = post_rows == 0
    by_caption = cold & caption.known if caption is not None else np.zeros_like(cold)
    by_image = cold & image.known if image is not None else np.zeros_like(cold)
    codes = np.where(by_caption, Reason.SIMILAR_CAPTION, Reason.FOR_YOU)
    return np.where(by_image, Reason.SIMILAR_PHOTO, codes)


def encoded_lists(
    block: RankedBlock,
    ids: list[str],
    packed: Packed,
    head: RankedList,
    *,
    asked: AskedFor | None,
    length: int,
    version: int,
) -> Iterator[tuple[str, bytes]]:
    """Pairs of user id and encoded list of this length; users to whom nothing may be shown are left out."""
    entries = entries_of(packed[np.maximum(block.indices, 0)], block.scores)
    shown = block.indices != NO_POST
    for index, user_id in enumerate(ids[block.users]):
        own = entries[index][shown[index]]
        is_asking = asked is not None and asked.has(user_id)
        listed = asked.listed(user_id, own.tobytes(), length=length) if asked and is_asking else own[:length].tobytes()
        if listed:
            yield user_id, encode_lists(head, [listed], version=version)[0]
