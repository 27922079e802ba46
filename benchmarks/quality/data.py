"""A data set as all systems and protocols read it: indexed users and posts, what is known, what is asked."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import DataMalformed
from benchmarks.quality.histories import Histories, has_clock, histories_of
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
    test_at: Seconds | None = None  # (m,) seconds
    # (l, 2), (l,) all likes after one time for all; then each of `test` is asked at its own moment
    later: Int64s | None = None
    later_at: Seconds | None = None
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
    """Indexed users, all posts, and the rows asked: users, or with `moments` single likes at their own times."""

    name: str
    posts: SortedPosts
    features: PostFeatures
    user_id_hashes: Int64s  # (n_users,) without `moments` the first n_asked are asked; those and the others ascend
    train: Examples  # all that may be known when the test split is asked; with `last_out`, `val` too
    earlier: Examples  # what may be known when `val` is asked
    val: Examples | None  # chooses between settings and epochs; nothing is trained on it meanwhile
    last_out: bool  # whether `val` and the test split are each user's last two events, in order
    moments: bool  # whether each row asked is one like of a user at its own moment, after one time for all
    timed: bool  # whether `train` has times; else all are 0
    clock: bool  # whether these are seconds, not places in each user's order
    log: Examples  # all that happened, in the order of time: `train`, and with `moments` what came after it
    train_likes: LikeMatrix  # (n_users, n_posts) `train`: what is learnt from
    asked_user_id_hashes: Int64s  # (n_asked,) the user of each row asked, ascending; with `moments` they repeat
    asked_at: Seconds  # (n_asked,) when; what all users did before is past
    histories: Histories  # of the rows asked: what is answered from
    test_likes: LikeMatrix  # (n_asked, n_posts) `test`
    left_out: LikeMatrix  # (n_asked, n_posts) never ranked for a row: its history, and `val`
    questions: Questions | None
    slots: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def n_asked(self) -> int:
        """The number of rows asked."""
        return self.test_likes.n_users

    @property
    def n_known(self) -> Int64s:
        """The likes known of each evaluated user; with moments, at the first. (n_evaluated_users,)"""
        first = np.unique(self.asked_user_id_hashes, return_index=True)[1]
        return self.histories.likes.counts[first]

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
    moments = columns.later is not None
    rows = (_moments_of if moments else _users_of)(columns, fresh, train, posts)
    first = np.zeros(0, np.int64) if moments else rows.users
    user_id_hashes = np.r_[first, np.setdiff1d(train.user_id_hashes, first)]
    shown = known[np.isin(known[:, 0], first)]

    def likes(of_rows: Int64s, pairs: Int64s, n_rows: int) -> LikeMatrix:
        return LikeMatrix.of(of_rows, posts.indices(pairs[:, 1]), n_users=n_rows, n_posts=len(posts.id_hashes))

    return QualityData(
        name=columns.name,
        posts=posts,
        features=columns.features,
        user_id_hashes=user_id_hashes,
        train=train,
        earlier=earlier,
        val=val,
        last_out=last_out,
        moments=moments,
        timed=timed,
        clock=timed and has_clock(earlier),
        log=rows.log,
        train_likes=likes(_places(user_id_hashes, train.user_id_hashes), _pairs_of(train), len(user_id_hashes)),
        asked_user_id_hashes=rows.users,
        asked_at=rows.at,
        histories=rows.histories,
        test_likes=likes(rows.of_asked, rows.asked, len(rows.users)),
        left_out=rows.histories.likes if moments else likes(np.searchsorted(first, shown[:, 0]), shown, len(first)),
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
            test_at=asked.at if data.timed else None,
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """The rows asked."""

    users: Int64s  # (n_asked,) ascending
    at: Seconds  # (n_asked,)
    asked: Int64s  # (n_pairs, 2) the test pairs
    of_asked: Int64s  # (n_pairs,) their rows
    histories: Histories
    log: Examples


def _users_of(columns: Columns, fresh: NDArray[np.bool_], train: Examples, posts: SortedPosts) -> _Rows:
    """A row for each user, who knows all of `train` that is theirs.

    They are asked at their first test like, else just after their last known one; at the end of `train` at the latest.
    """
    asked = columns.test[fresh]
    users, rows = np.unique(asked[:, 0], return_inverse=True)
    histories = histories_of(train, posts, users, np.full(len(users), np.inf))
    when = np.full(len(users), float(train.at.max(initial=0.0)))
    if columns.test_at is not None:
        np.minimum.at(when, rows, columns.test_at[fresh])
    else:
        known = histories.likes.counts > 0
        when[known] = histories.at[histories.likes.starts[1:][known] - 1]
    return _Rows(users=users, at=when, asked=asked, of_asked=rows, histories=histories, log=train)


def _moments_of(columns: Columns, fresh: NDArray[np.bool_], train: Examples, posts: SortedPosts) -> _Rows:
    """A row for each test like, which knows all that its user did before it, after the training part too."""
    assert columns.test_at is not None
    assert columns.later is not None
    assert columns.later_at is not None
    order = np.lexsort((columns.test_at[fresh], columns.test[fresh, 0]))
    asked, at = columns.test[fresh][order], columns.test_at[fresh][order]
    new = ~_is_among(columns.later, columns.train)
    log = _joined(train, _examples(columns.later[new], columns.later_at[new], posts))
    histories = histories_of(log, posts, asked[:, 0], at)
    return _Rows(users=asked[:, 0], at=at, asked=asked, of_asked=np.arange(len(asked)), histories=histories, log=log)


def _joined(first: Examples, second: Examples) -> Examples:
    """Both, by time; their pairs differ."""
    at = np.r_[first.at, second.at]
    order = np.argsort(at, kind="stable")
    return Examples(
        user_id_hashes=np.r_[first.user_id_hashes, second.user_id_hashes][order],
        post_id_hashes=np.r_[first.post_id_hashes, second.post_id_hashes][order],
        at=at[order],
        liked_at=at[order],
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
