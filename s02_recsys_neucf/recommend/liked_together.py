"""Who liked these posts also liked: a walk from posts to those who liked them, and on to what else they liked. Pure.

    score(p) = Σ over liked q, users u of q and p:  1 / (n_liked · users(q)) · 1 / posts(u)  /  users(p)^DAMPING

That is RP3β (Christoffel, Paudel, Newell and Bernstein, "Blockbusters and Wallflowers", RecSys 2015). Nothing is
learned, so that it works without a model; it needs the recent likes only, which are kept as two lists of numbers.
What differs: of very popular posts and very active users, the latest likes alone are walked along, in bounded time.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shared.event_columns import Int64s
from shared.neucf.examples import Examples

MAX_LIKES = 2_000_000  # the latest ones; 16 MB
MAX_USERS_OF_A_POST = 500  # the latest
MAX_USERS = 2_000  # of one question, those who liked most of its posts
MAX_POSTS_OF_A_USER = 200  # the latest
DAMPING = 0.5  # how much a popular post is held back; 0: not at all, 1: by all of its popularity

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """Numbers of each of n things in compressed rows, the latest first: row i is `numbers[starts[i]:starts[i + 1]]`."""

    starts: Int64s  # (n + 1,)
    numbers: Numbers

    @classmethod
    def of(cls, rows: Int64s, numbers: Int64s, n: int) -> Self:
        """From pairs in order of time, the latest last."""
        order = np.argsort(-np.arange(len(rows)), kind="stable")
        order = order[np.argsort(rows[order], kind="stable")]
        starts = np.r_[0, np.cumsum(np.bincount(rows, minlength=n))]
        return cls(starts, numbers[order].astype(np.int32))

    def lengths(self) -> Int64s:
        return np.diff(self.starts)

    def first(self, rows: Int64s, at_most: int) -> tuple[Int64s, Numbers]:
        """The first numbers of some rows: which of `rows` each belongs to, and the numbers."""
        counts = np.minimum(self.lengths()[rows], at_most)
        places = np.repeat(self.starts[rows] - np.cumsum(np.r_[0, counts[:-1]]), counts) + np.arange(counts.sum())
        return np.repeat(np.arange(len(rows)), counts), self.numbers[places]


@dataclass(frozen=True, slots=True, eq=False)
class LikedTogether:
    """The recent likes of all who count."""

    post_id_hashes: Int64s  # (n_liked_posts,) ascending
    candidate_of: Int64s  # (n_liked_posts,) index of the candidate; -1 where it is none
    n_candidates: int
    users_of: _Lists  # of posts
    posts_of: _Lists  # of users

    @classmethod
    def of(cls, likes: Examples, candidates: Int64s) -> Self:
        """From likes, and the candidates' id hashes."""
        latest = likes[np.argsort(likes.liked_at, kind="stable")[-MAX_LIKES:]]
        posts, post = np.unique(latest.post_id_hashes, return_inverse=True)
        users, user = np.unique(latest.user_id_hashes, return_inverse=True)
        order = np.argsort(candidates)
        found = np.minimum(np.searchsorted(candidates, posts, sorter=order), max(0, len(candidates) - 1))
        is_candidate = candidates[order[found]] == posts if len(candidates) else np.zeros(len(posts), np.bool_)
        return cls(
            post_id_hashes=posts,
            candidate_of=np.where(is_candidate, order[found] if len(candidates) else -1, -1),
            n_candidates=len(candidates),
            users_of=_Lists.of(post, user, len(posts)),
            posts_of=_Lists.of(user, post, len(users)),
        )

    def scores(self, liked: Int64s) -> Floats:
        """How many ways lead from these posts (id hashes) to each candidate; 0: none. -> (n_candidates,)"""
        scores = np.zeros(self.n_candidates)
        if not len(self.post_id_hashes):
            return scores
        found = np.minimum(np.searchsorted(self.post_id_hashes, liked), len(self.post_id_hashes) - 1)
        rows = found[self.post_id_hashes[found] == liked]
        if not len(rows):
            return scores
        of, walked = self.users_of.first(rows, MAX_USERS_OF_A_POST)
        per_post = 1.0 / (len(liked) * np.bincount(of, minlength=len(rows)))
        users, user = np.unique(walked, return_inverse=True)
        reached = np.bincount(user, per_post[of])
        if len(users) > MAX_USERS:
            strongest = np.argpartition(-reached, MAX_USERS)[:MAX_USERS]
            users, reached = users[strongest], reached[strongest]
        of, walked = self.posts_of.first(users.astype(np.int64), MAX_POSTS_OF_A_USER)
        per_user = reached / np.bincount(of, minlength=len(users))
        total = np.bincount(walked, per_user[of], minlength=len(self.post_id_hashes))
        total = total / self.users_of.lengths() ** DAMPING
        known = self.candidate_of >= 0
        scores[self.candidate_of[known]] = total[known]
        return scores
