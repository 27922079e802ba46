"""Strangers to an installation, and what each source recommends to them after a few likes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from s02_recsys_neucf.recommend.index import RecommendIndex, ServedModel
from s02_recsys_neucf.recommend.judged import JudgedPosts
from s02_recsys_neucf.recommend.rank import Question, recommend
from s02_recsys_neucf.similar.search import PostVectorIndex
from s02_recsys_neucf.similar.similar_posts import vectors_by_kind
from s02_recsys_neucf.similar.vector_space import VectorSpace
from s02_train_neucf.learning.fit import Fitted
from shared.domain import RecommendBy
from shared.event_columns import Events, Int64s
from shared.neucf.artefact import Artefact
from shared.neucf.examples import SortedPosts, examples_of
from shared.neucf.fast.fused import FusedScorer
from shared.neucf.features import NO_FEATURES, PostFeatures
from shared.neucf.manifest import Manifest
from shared.neucf.score import post_side_from, vectors_of
from shared.neucf.sources.learned import learned_reasons
from shared.ranked_lists.recommend_codec import JudgedPost

LIKES = 5  # of each stranger
Bools = NDArray[np.bool_]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """Posts, what members did, and strangers of whom nothing is known but a few likes."""

    name: str
    posts: SortedPosts  # id hashes 0, 1, 2 …: a post's hash is its index
    features: PostFeatures
    events: Events  # of members
    liked: Sequence[Int64s]  # of each stranger, LIKES posts in order
    asked: Sequence[Int64s]  # of each stranger, the posts that are to be put in order
    wanted: Sequence[Bools]  # of these, those that they would like


def index_of(world: World, fitted: Fitted | None) -> RecommendIndex:
    """What a ranker of this world answers from, with a model or without one."""
    raw = vectors_by_kind(world.features)
    space = VectorSpace.fit(raw)
    return RecommendIndex.of(
        post_numbers=(world.posts.id_hashes + 1).tolist(), likes=examples_of(world.events, world.posts),
        vectors=PostVectorIndex(world.posts.id_hashes, space, space.vectors(raw)), cards={},
        champion=None if fitted is None else _champion(world, fitted),
    )  # fmt: skip


def _champion(world: World, fitted: Fitted) -> ServedModel:
    model, posts, features = fitted.model, fitted.data.posts, world.features
    rows = posts.model_rows(world.posts.id_hashes)
    vectors = vectors_of(model, rows, features, torch.device("cpu"))
    manifest: Manifest = None  # type: ignore[assignment]  # nothing that scores reads it
    return ServedModel(
        artefact=Artefact(model, fitted.data.users, posts, manifest),
        vectors=vectors,
        scorer=FusedScorer(model, post_side_from(model, vectors, rows)),
        reasons=learned_reasons(rows, has_photo=_known(features.image), has_caption=_known(features.caption)),
    )


def _known(vectors: object) -> Bools:
    known = getattr(vectors, "known", None)
    assert known is not None
    return np.asarray(known, np.bool_)


def scores_of(index: RecommendIndex, liked: Int64s, by: RecommendBy) -> Scores:
    """The order in which a source recommends the posts, as scores; what it does not recommend comes last."""
    named = [JudgedPost(f"p{post}", post) for post in liked.tolist()]
    question = Question(liked=JudgedPosts.of(index, named, _unread), disliked=JudgedPosts.of(index, (), _unread))
    best, scores = recommend(index, question, by, count=len(index)), np.full(len(index), -float(len(index)), np.float32)
    if best is not None:
        scores[best.indices] = -np.arange(len(best.indices))
    return scores


def measured(
    world: World, score: Callable[[Int64s], Scores], metric: Callable[[Scores, Bools], float]
) -> NDArray[np.float64]:
    """A metric for each stranger. -> (n_strangers,)"""
    found: Iterator[float] = (
        metric(score(liked)[asked], wanted)
        for liked, asked, wanted in zip(world.liked, world.asked, world.wanted, strict=True)
    )
    return np.array([*found])


def _unread(_ids: list[str], _hashes: Int64s) -> PostFeatures:
    return NO_FEATURES  # all posts are candidates
