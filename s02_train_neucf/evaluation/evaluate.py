"""Evaluates systems: all rank all posts for the same users, and are compared user by user."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import KS, Interval, PerUser, metrics_of
from s02_train_neucf.evaluation.ranker import Ranker, Scores
from s02_train_neucf.evaluation.split import Split
from s02_train_neucf.evaluation.withheld import withheld_codes
from shared.distinct import distinct
from shared.errors import TrainingRefused
from shared.event_columns import Events
from shared.neucf.examples import Examples, SortedPosts
from shared.neucf.fast.finite import refuse_non_finite
from shared.neucf.features import NO_FEATURES, PostFeatures
from shared.neucf.model import NeuCF
from shared.neucf.score import best_posts, blocks, post_side_from, scores_of, user_side_of, vectors_of
from shared.neucf.vocab import Vocab

USERS_AT_ONCE = 256  # ranked at once, at most
PAIRS_AT_ONCE = 2**22  # user–post pairs ranked at once; each takes about 40 bytes meanwhile
MAX_PAIRS = 2**28  # of one task; with more, a sample of the users is asked
VALIDATION_PAIRS = 2**25  # the same while a training is validated, every few epochs
MIN_SAMPLE, MAX_SAMPLE = 1_000, 10_000  # users in that sample
VALIDATION_METRIC, VALIDATION_K = "ndcg@10", 10
SAMPLE_SEED = 0  # fixed: all systems, and all epochs of a validation, use the same sample

OnLists = Callable[[str, Ranker, NDArray[np.int64], metrics.Hits], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluationTask:
    """Test users, all posts, what was before the cut, and the likes after it. Posts and users are indices."""

    user_id_hashes: NDArray[np.int64]  # (n_users,) ascending
    posts: SortedPosts  # (n_posts,)
    train_likes: LikeMatrix  # training likes of all users; the first n_users rows are `known`
    test_likes: LikeMatrix  # (n_users, n_posts) likes after the cut
    withheld: LikeMatrix  # (n_users, n_posts) never ranked: seen before the cut, liked or not, and own posts
    ranked: NDArray[np.bool_] | None = None  # (n_posts,) posts that are ranked at all; None: all
    # (n_known_likes,) the posts of `known`, user by user in the order in which they were liked; None: there is no order
    in_order: NDArray[np.int64] | None = None

    @property
    def known(self) -> LikeMatrix:
        """(n_users, n_posts) training likes of the test users: their taste, and whether they have one."""
        return self.train_likes.take(np.arange(len(self.user_id_hashes)))

    @property
    def n_ranked(self) -> int:
        """The number of posts that are ranked."""
        return self.test_likes.n_posts if self.ranked is None else int(np.count_nonzero(self.ranked))

    def among(self, ranked: NDArray[np.bool_]) -> Self:
        """The same users with only these posts ranked and asked for; some users may then have nothing to find."""
        likes = self.test_likes
        kept = ranked[likes.posts]
        test_likes = LikeMatrix.of(
            likes.users[kept], likes.posts[kept], n_users=likes.n_users, n_posts=likes.n_posts
        )  # fmt: skip
        return replace(self, test_likes=test_likes, ranked=ranked)

    def first_users(self, n: int) -> Self:
        """The task of the first `n` users; a sample by chance, because users are ordered by hash."""
        users = np.arange(min(n, len(self.user_id_hashes)))
        return replace(
            self,
            user_id_hashes=self.user_id_hashes[users],
            test_likes=self.test_likes.take(users),
            withheld=self.withheld.take(users),
            in_order=None if self.in_order is None else self.in_order[: self.train_likes.starts[len(users)]],
        )

    def of_most_liked(self, n: int) -> Self:
        """The task with no other posts than the `n` that most users liked in training, and without test users who then
        have nothing to find; the whole task if that leaves nobody."""
        if self.train_likes.n_posts <= n:
            return self
        liked_by = np.bincount(self.train_likes.posts, minlength=self.train_likes.n_posts)
        kept = np.zeros(len(liked_by), dtype=np.bool_)
        kept[np.argsort(-liked_by, kind="stable")[:n]] = True
        test_likes = self.test_likes.of_posts(kept)
        if len(test_likes.posts) == 0:
            return self
        asked, others = np.flatnonzero(test_likes.counts), np.flatnonzero(test_likes.counts == 0)
        rest = np.arange(len(self.user_id_hashes), self.train_likes.n_users)
        return replace(
            self,
            user_id_hashes=self.user_id_hashes[asked],
            posts=self.posts.where(kept),
            train_likes=self.train_likes.of_posts(kept).take(np.r_[asked, others, rest]),
            test_likes=test_likes.take(asked),
            withheld=self.withheld.of_posts(kept).take(asked),
            ranked=None if self.ranked is None else self.ranked[kept],
            in_order=self._in_order_of(asked, kept),
        )

    def _in_order_of(self, users: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.int64] | None:
        """`in_order` of these users (ascending) and the posts that a mask keeps, which are numbered anew."""
        if self.in_order is None:
            return None
        here = np.isin(self.known.users, users) & kept[self.in_order]
        numbers: NDArray[np.int64] = (np.cumsum(kept) - 1)[self.in_order[here]]
        return numbers


def evaluation_task_of(
    train: Examples,
    test: Examples,
    posts: SortedPosts,
    *,
    before: Events | None = None,
    min_known: int = 0,
    max_pairs: int = MAX_PAIRS,
) -> EvaluationTask:
    """The task of a split; of very many users only a sample is tested, so that time and memory stay bounded.

    Args:
        train: examples before the cut.
        test: examples after it, none of them of a pair that has an event before.
        posts: all posts that exist.
        before: all events before the cut; None: the data has likes alone, which are those of `train`.
        min_known: training likes that a test user needs; with `COLD_MIN_POSITIVES` these are the users who would be
            served the model's lists.
        max_pairs: of user and post that are ranked, about.

    Raises:
        TrainingRefused: there is no test example.
    """
    known_users, counts = np.unique(train.user_id_hashes, return_counts=True)
    if min_known:
        test = test.where(np.isin(test.user_id_hashes, known_users[counts >= min_known]))
    if len(test) == 0:
        raise TrainingRefused("evaluation: got 0 likes after the cut, expected at least 1; wait for more data")
    asked = distinct(test.user_id_hashes)
    most = sample_size(len(posts.id_hashes), max_pairs)
    if len(asked) > most:
        asked = np.sort(np.random.default_rng(SAMPLE_SEED).choice(asked, most, replace=False))
        test = test.where(np.isin(test.user_id_hashes, asked))
    users = np.r_[asked, np.setdiff1d(known_users, asked)]
    order = np.argsort(users)

    def likes(examples: Examples, n_users: int) -> LikeMatrix:
        model_rows = order[np.searchsorted(users, examples.user_id_hashes, sorter=order)]
        indices = posts.indices(examples.post_id_hashes)
        return LikeMatrix.of(model_rows, indices, n_users=n_users, n_posts=len(posts.id_hashes))

    known = train.where(np.isin(train.user_id_hashes, asked))
    withheld = withheld_codes(asked, posts, train if before is None else before)
    return EvaluationTask(
        user_id_hashes=asked,
        posts=posts,
        train_likes=likes(train, len(users)),
        test_likes=likes(test, len(asked)),
        withheld=LikeMatrix.of_codes(withheld, n_users=len(asked), n_posts=len(posts.id_hashes)),
        in_order=posts.indices(known.post_id_hashes[known.order_of_likes()]),
    )


def task_of_split(split: Split, posts: SortedPosts, *, max_pairs: int = MAX_PAIRS) -> EvaluationTask:
    """The task of a split of events, with everything withheld that the timeline would.

    Raises:
        TrainingRefused: there is no test example.
    """
    return evaluation_task_of(split.train, split.test, posts, before=split.train_events, max_pairs=max_pairs)


def sample_size(n_posts: int, max_pairs: int) -> int:
    """The maximum number of test users, given how many posts are ranked for each."""
    return min(MAX_SAMPLE, max(MIN_SAMPLE, max_pairs // max(n_posts, 1)))


class ModelRanker:
    """A NeuCF model as a ranker of a task's posts; posts and users without a model row use the unknown one."""

    def __init__(
        self, model: NeuCF, task: EvaluationTask, users: Vocab, posts: Vocab, features: PostFeatures = NO_FEATURES
    ):
        device = model.gmf_weights.device
        post_rows = posts.model_rows(task.posts.id_hashes)
        vectors = vectors_of(model, post_rows, features, device)
        known, self.model = task.known, model
        liked = known.posts if task.in_order is None else task.in_order
        self.users = user_side_of(model, users.model_rows(task.user_id_hashes), liked, known.starts[:-1], vectors)
        self.posts = post_side_from(model, vectors, post_rows)

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return scores_of(self.model, self.users[users], self.posts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdRow:
    """Recall@20 of posts without a like before the cut, ranked among each other; see `cold_posts`."""

    n_users: int
    n_posts: int
    by_chance: float  # the mean that a random order has
    figures: Mapping[str, Interval]  # system -> Recall@20
    says_nothing: Mapping[str, str]  # system -> why it has no figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of all systems on the same users, with 95 % intervals over users."""

    protocol: str  # how the data was split, in words
    n_users: int
    n_posts: int
    ours: str  # name of the system that the others are compared with
    figures: Mapping[str, Mapping[str, Interval]]  # system -> "ndcg@10" -> mean
    differences: Mapping[str, Mapping[str, Interval]]  # other system -> "ndcg@10" -> ours minus the other, user by user
    # Of all posts ranked: system -> "coverage@20" -> value, and system -> group of users -> "ndcg@10" -> mean.
    spread: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    slices: Mapping[str, Mapping[str, Mapping[str, Interval]]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)  # system -> why it was left out
    cold: ColdRow | None = None  # None if nobody is asked for cold posts
    settings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # baseline -> as chosen on validation


def evaluate(
    systems: Mapping[str, Callable[[], Ranker]],
    task: EvaluationTask,
    *,
    ours: str,
    protocol: str,
    generator: np.random.Generator,
    min_known: int = 0,
    on_lists: OnLists | None = None,
) -> Report:
    """Rank all posts except withheld ones with every system, and compare. Systems are built one at a time, to save
    memory.

    A system that refuses the data is left out; the report says why.

    Args:
        systems: functions that build each ranker.
        task: test users, posts and likes.
        ours: the system that the others are compared with.
        protocol: how the data was split, in words.
        generator: of the bootstrap.
        min_known: training likes that a user needs to be counted in the figures; users with nothing to find never are.
        on_lists: called with each system, its lists and its hits, of all users of the task.

    Raises:
        ScoringRefused: a system's scores are not finite.
    """
    values, left_out = {}, {}
    counted = (task.known.counts >= min_known) & (task.test_likes.counts > 0)
    for name, make in systems.items():
        try:
            ranker = make()
            lists, hits = rank_lists(ranker, task, max(KS))
        except TrainingRefused as refused:
            left_out[name] = str(refused)
            continue
        values[name] = metrics_of(hits[counted], task.test_likes.counts[counted], KS)
        if on_lists is not None:
            on_lists(name, ranker, lists, hits)
    report = compare(values, ours=ours, protocol=protocol, n_posts=task.n_ranked, generator=generator)
    return replace(report, left_out=left_out)


def compare(
    values: Mapping[str, Mapping[str, PerUser]],
    *,
    ours: str,
    protocol: str,
    n_posts: int,
    generator: np.random.Generator,
) -> Report:
    """The report of these figures per user: system -> "ndcg@10" -> (n_users,)."""
    return Report(
        protocol=protocol,
        n_users=len(next(iter(values[ours].values()))),
        n_posts=n_posts,
        ours=ours,
        figures={
            name: {metric: metrics.interval(column, generator) for metric, column in figures.items()}
            for name, figures in values.items()
        },
        differences={
            name: {
                metric: metrics.paired_difference(values[ours][metric], figures[metric], generator)
                for metric in figures
            }
            for name, figures in values.items()
            if name != ours
        },
    )


def metrics_per_user(system: Ranker, task: EvaluationTask, ks: tuple[int, ...] = KS) -> dict[str, PerUser]:
    """Every metric at every k. -> name such as "ndcg@10" to (n_users,)"""
    return metrics_of(rank_lists(system, task, max(ks))[1], task.test_likes.counts, ks)


def rank_lists(system: Ranker, task: EvaluationTask, length: int) -> tuple[NDArray[np.int64], metrics.Hits]:
    """Each user's list, and which of its posts are hits. -> (n_users, length) indices or -1, (n_users, length)"""
    n_users = len(task.user_id_hashes)
    lists = np.zeros((n_users, length), dtype=np.int64)
    hits = np.zeros((n_users, length), dtype=np.bool_)
    for part in blocks(n_users, min(USERS_AT_ONCE, max(1, PAIRS_AT_ONCE // max(task.test_likes.n_posts, 1)))):
        dropped = task.withheld.mask(part)
        if task.ranked is not None:
            dropped |= ~task.ranked
        lists[part], _ = best_posts(refuse_non_finite(system.scores(part)), dropped, length)
        liked = np.take_along_axis(task.test_likes.mask(part), np.maximum(lists[part], 0), axis=1)
        hits[part] = liked & (lists[part] >= 0)
    return lists, hits
