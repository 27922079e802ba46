"""Ranks all candidate posts for all users of a run, block by block, and keeps the best k of each user."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from shared.errors import ScoringRefused
from shared.neucf.fast.fused import POSTS_AT_ONCE, USERS_AT_ONCE, FusedScorer, score_buffer
from shared.neucf.fast.kernels import kernels
from shared.neucf.fast.top_k import BestSoFar
from shared.neucf.features import NO_FEATURES, PostFeatures
from shared.neucf.model import NeuCF, PostSide, UserSide
from shared.neucf.score import blocks, post_side_of, user_side_of, vectors_of
from shared.neucf.threads import map_in_threads
from shared.neucf.vocab import ModelRows

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class IndicesPerUser:
    """A few indices for each user, in compressed rows: those of user u are `indices[starts[u]:starts[u + 1]]`."""

    starts: Int64s  # (n_users + 1,)
    indices: Int64s  # (n_indices,)

    def __post_init__(self) -> None:
        if (
            self.starts.ndim != 1
            or len(self.starts) == 0
            or self.starts[0] != 0
            or self.starts[-1] != len(self.indices)
        ):
            raise ValueError(f"indices per user: starts must run from 0 to {len(self.indices)}")

    @classmethod
    def of(cls, per_user: list[Int64s]) -> Self:
        """From one array per user."""
        starts = np.cumsum([0, *(len(indices) for indices in per_user)])
        return cls(starts.astype(np.int64), np.concatenate([np.zeros(0, np.int64), *per_user]).astype(np.int64))

    def take(self, users: Int64s) -> Self:
        """Those of these users, in that order."""
        return type(self).of([self.indices[self.starts[user] : self.starts[user + 1]] for user in users.tolist()])

    @property
    def n_users(self) -> int:
        """How many users there are."""
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankedBlock:
    """Lists of consecutive users of a run."""

    users: slice  # which users of the run
    indices: Int64s  # (n_users, k) indices of candidates, best first; NO_POST after the last eligible one
    # (n_users, k) the model's logit and the serving order's term; -inf where there is no post.
    scores: NDArray[np.float32]


def users_from(
    model: NeuCF,
    model_rows: ModelRows,
    liked: IndicesPerUser,
    liked_rows: ModelRows,
    liked_features: PostFeatures,
    device: torch.device,
) -> UserSide:
    """The user side of a run: each user's id and what they liked.

    Args:
        model: the champion.
        model_rows: (n_users,) user rows, 0 = joined after the training.
        liked: for each user, indices in the column of liked posts, in the order in which they were liked.
        liked_rows: (n_liked_posts,) post rows of all posts that someone in the run liked, 0 = newer than the model.
        liked_features: vectors of the same posts.
        device: of the model.
    """
    _refuse_lengths("likes", got=liked.n_users, expected=len(model_rows))
    vectors = vectors_of(model, liked_rows, liked_features, device)
    return user_side_of(model, model_rows, liked.indices, liked.starts[:-1], vectors)


def candidates_from(
    model: NeuCF, model_rows: ModelRows, device: torch.device, features: PostFeatures = NO_FEATURES
) -> PostSide:
    """The post side of all candidates, computed once; a cold post (row 0) is scored by its photo and caption."""
    return post_side_of(model, model_rows, features, device)


def with_serving_order(candidates: PostSide, added: NDArray[np.float32]) -> PostSide:
    """The same candidates with each post's term of the serving order in its bias, so scoring costs nothing more."""
    term = torch.from_numpy(added).to(candidates.bias.device)
    unseen = None if candidates.unseen is None else candidates.unseen.with_added(term)
    return replace(candidates, bias=candidates.bias + term, unseen=unseen)


def rank(
    model: NeuCF, users: UserSide, candidates: PostSide, ineligible: IndicesPerUser, k: int
) -> Iterator[RankedBlock]:
    """Rank all candidates for all users, in memory that does not grow with the number of users.

    Args:
        model: the champion.
        users: from `users_from`, n_users of them.
        candidates: from `candidates_from`, n_posts of them.
        ineligible: for each user, indices of candidates that must not be shown to them.
        k: length of a list, at least 1.

    Raises:
        ScoringRefused: a score is NaN or infinite, or the numbers of users differ. Earlier blocks are correct.
    """
    _refuse_lengths("ineligible posts", got=ineligible.n_users, expected=len(users.gmf))
    if len(candidates) > 0:
        yield from rank_prepared(FusedScorer(model, candidates), users, ineligible, k)


def rank_prepared(fused: FusedScorer, users: UserSide, ineligible: IndicesPerUser, k: int) -> Iterator[RankedBlock]:
    """The same with candidates that were prepared before, of which there is at least one."""
    n_users = len(users.gmf)
    _refuse_lengths("ineligible posts", got=ineligible.n_users, expected=n_users)
    yield from map_in_threads(
        lambda part: _ranked(fused, users, ineligible, part, k), list(blocks(n_users, USERS_AT_ONCE))
    )


def _ranked(fused: FusedScorer, users: UserSide, ineligible: IndicesPerUser, part: slice, k: int) -> RankedBlock:
    n_users = part.stop - part.start
    buffer, so_far, starts = score_buffer(n_users), BestSoFar(n_users, k), ineligible.starts[part.start : part.stop + 1]
    for posts in blocks(fused.n_posts, POSTS_AT_ONCE):
        scores, n_posts = fused.scores(users[part], posts, buffer), posts.stop - posts.start
        kernels().withhold(scores, n_posts, posts.start, starts, ineligible.indices)
        so_far.offer(scores, n_posts, posts.start)
    indices, values = so_far.lists()
    return RankedBlock(users=part, indices=indices, scores=values)


def _refuse_lengths(what: str, *, got: int, expected: int) -> None:
    if got != expected:
        raise ScoringRefused(f"{what}: got {got} users, expected {expected} as there are user rows")
