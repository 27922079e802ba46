"""How candidates are ranked for posts that somebody liked and disliked, and for a text. Pure.

    content    cos(photo, mean of liked photos) + cos(caption, mean of liked captions, or half of it and half the text)
    together   `liked_together`
    neucf      the champion's score, for somebody without a row of their own who liked these posts in this order
    hybrid     weighted reciprocal ranks of all that have something to say (see `shared.neucf.sources.fuse`)

What was disliked counts as its mean, with a share and against (Rocchio, "Relevance feedback in information retrieval",
1971).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from s02_recsys_neucf.recommend.index import RecommendIndex
from s02_recsys_neucf.recommend.judged import JudgedPosts, Units
from s02_recsys_neucf.similar.vector_space import UnitVectors, VectorKind
from shared.domain import Reason, RecommendBy
from shared.event_columns import Int64s
from shared.neucf.score import blocks, scores_by, user_side_of
from shared.neucf.sources.fuse import RANK_OFFSET

DISLIKED_SHARE = 0.25  # as is usual for Rocchio's; a dislike says less than a like
TEXT_SHARE = 0.5  # of the wanted caption, where there are liked ones as well
POSTS_AT_ONCE = 16_384  # that are float32 at a time: 8 MB
# Of reciprocal ranks: on the photos world with five likes the best of a few; equal ones are no better than content.
WEIGHTS: Mapping[RecommendBy, float] = {
    RecommendBy.CONTENT: 1.5, RecommendBy.NEUCF: 1.0, RecommendBy.TOGETHER: 0.5,
}  # fmt: skip
TINY = 1e-6

Scores = NDArray[np.float64]  # (n_candidates,) the higher, the better; -inf: nothing to say


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What somebody likes."""

    liked: JudgedPosts
    disliked: JudgedPosts
    text: Units | None = None  # (n_caption_components,) of length 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """The candidates as one source sees them."""

    scores: Scores
    reasons: Int64s  # (n_candidates,) codes of `Reason`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Best:
    """The best candidates."""

    by: RecommendBy
    indices: Int64s  # (n,) best first
    scores: Scores  # (n,) finite
    reasons: Int64s  # (n,)


def recommend(index: RecommendIndex, question: Question, by: RecommendBy, *, count: int) -> Best | None:
    """The best candidates by a source, or by what there is if it has nothing to say; None if nothing has.

    What was liked or disliked is never among them.
    """
    wanted: list[RecommendBy] = [by] if by is not RecommendBy.HYBRID else [*SOURCES]
    rankings = _spoken(index, question, wanted)
    if not rankings and by is not RecommendBy.HYBRID:
        rankings = _spoken(index, question, [*SOURCES])
    if not rankings:
        return None
    (made_by, ranking) = next(iter(rankings.items())) if len(rankings) == 1 else (RecommendBy.HYBRID, fused(rankings))
    return _best(made_by, ranking, count)


def content(index: RecommendIndex, question: Question) -> Ranking | None:
    """By photo and caption."""
    photo, caption = (_nearness(index, question, kind) for kind in (VectorKind.PHOTO, VectorKind.CAPTION))
    if photo is None or caption is None:
        only, reason = (photo, Reason.SIMILAR_PHOTO) if caption is None else (caption, Reason.SIMILAR_CAPTION)
        return None if only is None else Ranking(scores=only, reasons=np.full(len(only), int(reason)))
    # A candidate without one of both is judged by the other.
    has_photo, has_caption = np.isfinite(photo), np.isfinite(caption)
    total = np.where(has_photo, photo, 0.0) + np.where(has_caption, caption, 0.0)
    is_photo = np.where(has_photo & has_caption, photo >= caption, has_photo)
    return Ranking(
        scores=np.where(has_photo | has_caption, total, -np.inf),
        reasons=np.where(is_photo, int(Reason.SIMILAR_PHOTO), int(Reason.SIMILAR_CAPTION)),
    )


def together(index: RecommendIndex, question: Question) -> Ranking | None:
    """By what those who liked these posts liked as well."""
    scores = index.likes.scores(question.liked.id_hashes)
    reached = scores > 0
    if not reached.any():
        return None
    scores = scores / scores.max()
    if len(question.disliked):
        against = index.likes.scores(question.disliked.id_hashes)
        scores = scores - DISLIKED_SHARE * against / max(float(against.max(initial=0.0)), TINY)
    reasons = np.full(len(scores), int(Reason.LIKED_TOGETHER))
    return Ranking(scores=np.where(reached, scores, -np.inf), reasons=reasons)


def neucf(index: RecommendIndex, question: Question) -> Ranking | None:
    """By the champion."""
    champion = index.champion
    if champion is None or not len(question.liked) or not len(index):
        return None
    scores = _champions_scores(index, question.liked)
    if len(question.disliked):
        scores = _standard(scores) - DISLIKED_SHARE * _standard(_champions_scores(index, question.disliked))
    return Ranking(scores=scores, reasons=champion.reasons)


SOURCES: Mapping[RecommendBy, Callable[[RecommendIndex, Question], Ranking | None]] = {
    RecommendBy.NEUCF: neucf,
    RecommendBy.TOGETHER: together,
    RecommendBy.CONTENT: content,
}


def fused(rankings: Mapping[RecommendBy, Ranking]) -> Ranking:
    """Several rankings as one, in (0, 1]; a candidate has the reason of the ranking that ranks it best."""
    shares = np.stack([_share(ranking.scores) for ranking in rankings.values()])  # (n_rankings, n_candidates)
    weights = np.array([WEIGHTS[by] for by in rankings])
    total = weights @ shares / weights.sum()
    reasons = np.stack([ranking.reasons for ranking in rankings.values()])
    return Ranking(
        scores=np.where(total > 0, total, -np.inf),
        reasons=np.take_along_axis(reasons, shares.argmax(axis=0)[None, :], axis=0)[0],
    )


def _spoken(index: RecommendIndex, question: Question, wanted: list[RecommendBy]) -> dict[RecommendBy, Ranking]:
    """The rankings of those sources that have something to say of other posts than those of the question."""
    judged = np.concatenate([question.liked.indices, question.disliked.indices])
    spoken = {}
    for by in wanted:
        if (ranking := SOURCES[by](index, question)) is not None:
            ranking.scores[judged[judged >= 0]] = -np.inf
            if np.isfinite(ranking.scores).any():
                spoken[by] = ranking
    return spoken


def _nearness(index: RecommendIndex, question: Question, kind: VectorKind) -> Scores | None:
    """The cosine of each candidate with what is wanted; None if nothing is known of that."""
    held = index.vectors.vectors.get(kind)
    if held is None:
        return None
    liked, disliked = question.liked.units(index, kind), question.disliked.units(index, kind)
    text = question.text if kind is VectorKind.CAPTION else None
    if not len(liked) and text is None:
        return None
    wanted = liked.mean(axis=0) if len(liked) else np.zeros(held.values.shape[1], np.float32)
    if text is not None:
        wanted = (1 - TEXT_SHARE) * wanted + TEXT_SHARE * text
    if len(disliked):
        wanted = wanted - DISLIKED_SHARE * disliked.mean(axis=0)
    length = float(np.linalg.norm(wanted))
    if length < TINY:
        return None
    return np.where(held.known, _products(held, wanted / length), -np.inf)


def _products(held: UnitVectors, wanted: Units) -> Scores:
    direction, scores = torch.from_numpy(wanted.astype(np.float32)), np.empty(len(held), np.float64)
    for part in blocks(len(held), POSTS_AT_ONCE):
        scores[part] = (torch.from_numpy(held.values[part]).float() @ direction).numpy()
    return scores


def _champions_scores(index: RecommendIndex, posts: JudgedPosts) -> Scores:
    assert index.champion is not None
    model, vectors = index.champion.artefact.model, posts.vectors(index)
    in_order, start, unknown = np.arange(len(posts)), np.zeros(1, np.int64), np.zeros(1, np.int64)
    user = user_side_of(model, unknown, in_order, start, vectors)
    scores: Scores = scores_by(index.champion.scorer, user)[0].astype(np.float64)
    return scores


def _standard(scores: Scores) -> Scores:
    standard: Scores = (scores - scores.mean()) / max(float(scores.std()), TINY)
    return standard


def _share(scores: Scores) -> Scores:
    """The reciprocal rank of each candidate, in (0, 1]; 0 where there is nothing to say."""
    ranks = np.empty(len(scores), np.int64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return np.where(np.isfinite(scores), (RANK_OFFSET + 1) / (RANK_OFFSET + 1 + ranks), 0.0)


def _best(by: RecommendBy, ranking: Ranking, count: int) -> Best | None:
    order = np.argsort(-ranking.scores, kind="stable")[:count]
    order = order[np.isfinite(ranking.scores[order])]
    if not len(order):
        return None
    return Best(by=by, indices=order, scores=ranking.scores[order], reasons=ranking.reasons[order])
