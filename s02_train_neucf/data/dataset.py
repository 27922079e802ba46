"""The training set: examples as a matrix over model rows, and nothing else."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from shared.distinct import distinct
from shared.errors import TrainingRefused
from shared.neucf.examples import Examples, SortedPosts
from shared.neucf.features import NO_FEATURES, PostFeatures
from shared.neucf.vocab import ModelRows, Vocab

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LikeMatrix:
    """A sparse matrix of users × posts in compressed rows: user u likes `posts[starts[u]:starts[u + 1]]`, ascending.

    It also holds other pairs of users and posts, such as those that are never ranked.
    """

    starts: Int64s  # (n_users + 1,)
    posts: Int64s  # (n_likes,)
    n_posts: int

    @classmethod
    def of(cls, users: Int64s, posts: Int64s, *, n_users: int, n_posts: int) -> Self:
        """The matrix of these pairs, in any order; a repeated pair counts once."""
        return cls.of_codes(users * n_posts + posts, n_users=n_users, n_posts=n_posts)

    @classmethod
    def of_codes(cls, codes: Int64s, *, n_users: int, n_posts: int) -> Self:
        """The same of pairs as numbers: user × n_posts + post."""
        codes = distinct(codes)
        starts = np.searchsorted(codes, np.arange(n_users + 1) * n_posts)
        return cls(starts, codes % n_posts if n_posts else codes, n_posts)

    @property
    def n_users(self) -> int:
        """Rows of the matrix."""
        return len(self.starts) - 1

    @property
    def users(self) -> Int64s:
        """The user of each like. (n_likes,)"""
        return np.repeat(np.arange(self.n_users), self.counts)

    @property
    def counts(self) -> Int64s:
        """Likes per user. (n_users,)"""
        return np.diff(self.starts)

    def take(self, users: Int64s) -> Self:
        """The rows of these users, in that order."""
        starts = np.r_[0, np.cumsum(self.counts[users])]
        return type(self)(starts, self.posts[self.indices(users)], self.n_posts)

    def of_posts(self, kept: NDArray[np.bool_]) -> Self:
        """The likes of the posts that a mask keeps; these are numbered anew, in their order. (n_posts,)"""
        is_kept, numbers = kept[self.posts], np.cumsum(kept) - 1
        users, posts = self.users[is_kept], numbers[self.posts[is_kept]]
        return type(self).of(users, posts, n_users=self.n_users, n_posts=int(np.count_nonzero(kept)))

    def indices(self, users: Int64s) -> Int64s:
        """Indices in `posts` of the likes of these users, user by user. -> (n_likes_of_users,)"""
        counts = self.counts[users]
        ends = np.cumsum(counts)
        indices: Int64s = np.arange(counts.sum()) + np.repeat(self.starts[:-1][users] - (ends - counts), counts)
        return indices

    def to_csr(self) -> sparse.csr_array:
        """The same as a sparse matrix of ones. -> (n_users, n_posts)"""
        ones = np.ones(len(self.posts), dtype=np.float32)
        return sparse.csr_array((ones, self.posts, self.starts), shape=(self.n_users, self.n_posts))

    def mask(self, users: slice) -> NDArray[np.bool_]:
        """A block of users as a dense mask. -> (n_users_in_block, n_posts)"""
        block = self.take(np.arange(users.start, users.stop))
        mask = np.zeros((block.n_users, self.n_posts), dtype=np.bool_)
        mask[block.users, block.posts] = True
        return mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventWeights:
    """How much single events count; see the module `event_weights`."""

    likes: NDArray[np.float32] | None  # (n_likes,) in the order of `TrainingSet.likes.posts`; None: all alike
    disliked: LikeMatrix | None  # (n_user_rows, n_post_rows) negatives with a weight other than 1
    disliked_weights: NDArray[np.float32]  # (n_disliked,) as how many posts each counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSet:
    """Who liked what, by model row. Row 0 is empty on both sides; every other row has at least one like."""

    users: Vocab
    posts: Vocab
    likes: LikeMatrix  # (n_user_rows, n_post_rows)
    liked_at: NDArray[np.float64]  # (n_likes,) seconds of the first positive event, in the order of `likes.posts`
    created_at: NDArray[np.float64]  # (n_post_rows,) seconds; -inf for row 0
    liked_by: NDArray[np.float64]  # (n_post_rows,) share of the users who like a post
    features: PostFeatures  # of all post rows except 0: the post of row 1 comes first
    event_weights: EventWeights | None = None  # None: all likes count the same, and so do all posts that are not liked

    @property
    def has_order(self) -> bool:
        """Whether likes have different times; data without times has no order."""
        return float(np.ptp(self.liked_at)) > 0

    def post_rows(self) -> ModelRows:
        """All rows except the unknown one."""
        return np.arange(1, self.posts.n_rows)


def training_set(examples: Examples, posts: SortedPosts, features: PostFeatures = NO_FEATURES) -> TrainingSet:
    """Give users and posts their model rows, and build the matrix.

    Args:
        examples: at least one; each pair of user and post once, as from `examples_of`.
        posts: all posts, including those of the examples.
        features: vectors in the order of `posts`.

    Raises:
        TrainingRefused: no examples, or a vector with NaN.
    """
    if len(examples) == 0:
        raise TrainingRefused("examples: got 0 likes, comments, saves or shares, expected at least 1; wait for some")
    users, known = Vocab.of(examples.user_id_hashes), Vocab.of(examples.post_id_hashes)
    user_rows, post_rows = users.model_rows(examples.user_id_hashes), known.model_rows(examples.post_id_hashes)
    indices = posts.indices(known.id_hashes)
    features.refuse_broken()
    return TrainingSet(
        users=users,
        posts=known,
        likes=LikeMatrix.of(user_rows, post_rows, n_users=users.n_rows, n_posts=known.n_rows),
        liked_at=examples.liked_at[np.lexsort((post_rows, user_rows))],
        created_at=np.r_[-np.inf, posts.created_at[indices]],
        liked_by=np.bincount(post_rows, minlength=known.n_rows) / len(users.id_hashes),
        features=features.take(indices),
    )
