"""A data set as all systems and protocols read it: indexed users and posts, what is known, what is asked."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import DataMalformed
from s02_train_neucf.data.dataset import LikeMatrix
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.examples import NO_AUTHOR, Examples, SortedPosts, examples_of
from shared.neucf.features import NO_FEATURES, PostFeatures

Int64s = NDArray[np.int64]
Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """A data set as it was read: pairs of user and post keys in any order, not indexed yet."""

    name: str
    train: Int64s  # (n, 2) user, post
    test: Int64s  # (m, 2)
    val: Int64s | None = None  # (v, 2)
    test_negatives: Int64s | None = None  # (m, k) posts
    train_at: Seconds | None = None  # (n,) seconds
    last_out: bool = False  # whether `val` and `test` are each user's last two events, in order
    post_id_hashes: Int64s  # (n_posts,) ascending: all that exist
    created_at: Seconds | None = None  # (n_posts,) seconds
    features: PostFeatures = NO_FEATURES
    slots: tuple[str, ...] = ()  # which arrays became image and caption vectors, in words


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Questions:
    """One relevant post against given others, as in the NCF paper."""

    users: Int64s  # (m,) places of users
    posts: Int64s  # (m,) the relevant post's place
    negatives: Int64s  # (m, k) places of posts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QualityData:
    """Indexed users, the evaluated ones first, and all posts."""

    name: str
    posts: SortedPosts
    features: PostFeatures
    user_id_hashes: Int64s  # (n_users,) the first n_asked are asked; those and the others ascend
    train: Examples  # all that may be known when the test split is asked; with `last_out`, `val` too
    earlier: Examples  # what may be known when `val` is asked
    val: Examples | None  # chooses between settings and epochs; nothing is trained on it meanwhile
    last_out: bool  # whether `val` and the test split are each user's last two events, in order
    timed: bool  # whether `train` has times; else all are 0
    train_likes: LikeMatrix  # (n_users, n_posts) `train`
    test_likes: LikeMatrix  # (n_asked, n_posts) `test`
    left_out: LikeMatrix  # (n_asked, n_posts) never ranked for a user: `train` and `val`
    questions: Questions | None
    slots: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def n_asked(self) -> int:
        """The number of evaluated users."""
        return self.test_likes.n_users

    @property
    def cold(self) -> NDArray[np.bool_]:
        """Posts without interactions in training. (n_posts,)"""
        likes = np.bincount(self.train_likes.posts, minlength=self.train_likes.n_posts)
        return np.asarray(likes == 0, dtype=np.bool_)

    def events(self) -> Events:
        """`train` as likes, as the nightly job reads them."""
        return _likes(self.train.user_id_hashes, self.train.post_id_hashes, self.train.at)


def lined_up(columns: Columns) -> QualityData:
    """Index users and posts; drop questions that cannot be asked.

    Raises:
        DataMalformed: nothing is left for training or evaluation.
    """
    if columns.val is not None:  # what is known is not asked for
        columns = replace(columns, val=columns.val[~_is_among(columns.val, columns.train)])
    posts, timed = _posts(columns), columns.train_at is not None
    earlier = _examples(columns.train, columns.train_at, posts)
    val = None if columns.val is None or len(columns.val) == 0 else _examples(columns.val, _val_at(columns), posts)
    known = columns.train if val is None else np.concatenate([columns.train, _pairs_of(val)])
    last_out = columns.last_out and val is not None
    train = _joined(earlier, val) if last_out and val is not None else earlier
    fresh = ~_is_among(columns.test, known)
    asked = columns.test[fresh]
    if len(train) == 0 or len(asked) == 0:
        raise DataMalformed(
            f"{columns.name}: got {len(train)} pairs to learn from and {len(asked)} of {len(columns.test)} test pairs "
            "that are not among them, expected at least 1 of each"
        )
    first = np.unique(asked[:, 0])
    user_id_hashes = np.r_[first, np.setdiff1d(train.user_id_hashes, first)]

    def likes(pairs: Int64s, n_users: int) -> LikeMatrix:
        rows = _places(user_id_hashes, pairs[:, 0])
        here = rows < n_users
        return LikeMatrix.of(rows[here], posts.indices(pairs[here, 1]), n_users=n_users, n_posts=len(posts.id_hashes))

    return QualityData(
        name=columns.name,
        posts=posts,
        features=columns.features,
        user_id_hashes=user_id_hashes,
        train=train,
        earlier=earlier,
        val=val,
        last_out=last_out,
        timed=timed,
        train_likes=likes(_pairs_of(train), len(user_id_hashes)),
        test_likes=likes(asked, len(first)),
        left_out=likes(known[np.isin(known[:, 0], user_id_hashes)], len(first)),
        questions=_questions(columns, fresh, user_id_hashes, posts),
        slots=columns.slots,
        notes=tuple(_notes(columns, fresh)),
    )


def lined_up_again(data: QualityData, *, train: Examples, asked: Examples) -> QualityData:
    """The same posts with other pairs for training and evaluation."""
    return lined_up(
        Columns(
            name=f"{data.name}, validation",
            train=_pairs_of(train),
            test=_pairs_of(asked),
            train_at=train.at if data.timed else None,
            post_id_hashes=data.posts.id_hashes,
            created_at=data.posts.created_at,
            features=data.features,
            slots=data.slots,
        )
    )


def _pairs_of(examples: Examples) -> Int64s:
    return np.stack([examples.user_id_hashes, examples.post_id_hashes], axis=1)


def _posts(columns: Columns) -> SortedPosts:
    at = columns.created_at
    if at is None:  # they were always there
        first = 0.0 if columns.train_at is None else float(columns.train_at.min(initial=0.0))
        at = np.full(len(columns.post_id_hashes), first)
    return SortedPosts(
        id_hashes=columns.post_id_hashes,
        author_id_hashes=np.full(len(columns.post_id_hashes), NO_AUTHOR),
        created_at=at,
    )


def _examples(pairs: Int64s, at: Seconds | None, posts: SortedPosts) -> Examples:
    """Each pair once, at its first time; 0 where there are no times."""
    return examples_of(_likes(pairs[:, 0], pairs[:, 1], np.zeros(len(pairs)) if at is None else at), posts)


def _val_at(columns: Columns) -> Seconds | None:
    """The times of `val` where it follows each user's training likes; None: it has none."""
    if columns.val is None or columns.train_at is None or not columns.last_out:
        return None
    users, rows = np.unique(columns.train[:, 0], return_inverse=True)
    last = np.full(len(users) + 1, columns.train_at.min(initial=0.0))  # the last one is for users without any
    np.maximum.at(last, rows, columns.train_at)
    place = np.minimum(np.searchsorted(users, columns.val[:, 0]), len(users) - 1)
    return last[np.where(users[place] == columns.val[:, 0], place, len(users))] + 1.0


def _joined(first: Examples, second: Examples) -> Examples:
    """Both, by time; their pairs differ."""
    at = np.r_[first.at, second.at]
    order = np.argsort(at, kind="stable")
    return Examples(
        user_id_hashes=np.r_[first.user_id_hashes, second.user_id_hashes][order],
        post_id_hashes=np.r_[first.post_id_hashes, second.post_id_hashes][order],
        at=at[order],
    )


def _likes(user_key: Int64s, post_key: Int64s, at: Seconds) -> Events:
    kind = np.full(len(at), KIND_CODES[InteractionKind.LIKE], dtype=np.int16)
    return Events(user_id_hashes=user_key, post_id_hashes=post_key, kinds=kind, at=at)


def _places(keys: Int64s, wanted: Int64s) -> Int64s:
    """The index of each wanted key in unsorted keys; all must be present."""
    order = np.argsort(keys)
    return np.asarray(order[np.searchsorted(keys, wanted, sorter=order)], dtype=np.int64)


def _is_among(pairs: Int64s, others: Int64s) -> NDArray[np.bool_]:
    """Whether each pair is among the others. (n, 2), (m, 2) -> (n,)"""
    both = np.concatenate([pairs, others])
    _, users = np.unique(both[:, 0], return_inverse=True)
    _, posts = np.unique(both[:, 1], return_inverse=True)
    codes = users.astype(np.int64) * (int(posts.max(initial=0)) + 1) + posts
    return np.isin(codes[: len(pairs)], codes[len(pairs) :])


def _questions(
    columns: Columns, fresh: NDArray[np.bool_], user_id_hashes: Int64s, posts: SortedPosts
) -> Questions | None:
    if columns.test_negatives is None:
        return None
    asked, negatives = columns.test[fresh], columns.test_negatives[fresh]
    return Questions(
        users=_places(user_id_hashes, asked[:, 0]),
        posts=posts.indices(asked[:, 1]),
        negatives=posts.indices(negatives.ravel()).reshape(negatives.shape),
    )


def _notes(columns: Columns, fresh: NDArray[np.bool_]) -> list[str]:
    notes = []
    if not fresh.all():
        notes.append(f"{int((~fresh).sum())} test pairs are in train or val too and are not asked for")
    asked = np.unique(columns.test[fresh, 0])
    strangers = len(np.setdiff1d(asked, columns.train[:, 0]))
    if strangers:
        notes.append(f"{strangers} of the {len(asked)} users asked have nothing in train")
    if columns.test_negatives is not None:
        held = int((columns.test_negatives[fresh] == columns.test[fresh, 1:2]).any(axis=1).sum())
        if held:
            notes.append(f"in {held} rows of test_negatives the test item itself stands; it is dropped there")
    return notes
