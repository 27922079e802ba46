"""Evaluates systems: all rank all posts for the same users, and are compared user by user."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.metrics import KS, Interval, PerUser, metrics_of
from s02_train_neucf.evaluation.ranker import Ranker, Scores
from shared.distinct import distinct
from shared.errors import TrainingRefused
from shared.neucf.examples import Examples, SortedPosts
from shared.neucf.fast.finite import refuse_non_finite
from shared.neucf.features import NO_FEATURES, PostFeatures
from shared.neucf.model import NeuCF
from shared.neucf.score import best_posts, blocks, scores_of, user_side_of, vectors_of
from shared.neucf.vocab import Vocab

USERS_AT_ONCE = 256  # ranked at once, at most
PAIRS_AT_ONCE = 2**22  # user–post pairs ranked at once; each takes about 40 bytes meanwhile
MAX_PAIRS = 2**28  # of one task; with more, a sample of the users is asked
MIN_SAMPLE, MAX_SAMPLE = 1_000, 10_000  # users in that sample
SAMPLE_SEED = 0  # fixed: all systems, and all epochs of a validation, use the same sample

OnLists = Callable[[str, NDArray[np.int64], metrics.Hits], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluationTask:
    """Test users, all posts, and the likes before and after the cut. Posts and users are indices."""

    user_id_hashes: NDArray[np.int64]  # (n_users,) ascending
    posts: SortedPosts  # (n_posts,)
    train_likes: LikeMatrix  # training likes of all users; the first n_users rows are `known`
    test_likes: LikeMatrix  # (n_users, n_posts) likes after the cut

    @property
    def known(self) -> LikeMatrix:
        """(n_users, n_posts) training likes of the test users: never shown again, so never ranked."""
        return self.train_likes.take(np.arange(len(self.user_id_hashes)))


def evaluation_task_of(train: Examples, test: Examples, posts: SortedPosts, *, min_known: int = 0) -> EvaluationTask:
    """The task of a split; of very many users only a sample is tested, so that time and memory stay bounded.

    Args:
        train: examples before the cut.
        test: examples after it.
        posts: all posts that exist.
        min_known: training likes that a test user needs; with `COLD_MIN_POSITIVES` these are the users who would be
            served the model's lists.

    Raises:
        TrainingRefused: there is no test example.
    """
    known_users, counts = np.unique(train.user_id_hashes, return_counts=True)
    if min_known:
        test = test.where(np.isin(test.user_id_hashes, known_users[counts >= min_known]))
    if len(test) == 0:
        raise TrainingRefused("evaluation: got 0 likes after the cut, expected at least 1; wait for more data")
    asked = distinct(test.user_id_hashes)
    most = sample_size(len(posts.id_hashes))
    if len(asked) > most:
        asked = np.sort(np.random.default_rng(SAMPLE_SEED).choice(asked, most, replace=False))
        test = test.where(np.isin(test.user_id_hashes, asked))
    users = np.r_[asked, np.setdiff1d(known_users, asked)]
    order = np.argsort(users)

    def likes(examples: Examples, n_users: int) -> LikeMatrix:
        model_rows = order[np.searchsorted(users, examples.user_id_hashes, sorter=order)]
        indices = posts.indices(examples.post_id_hashes)
        return LikeMatrix.of(model_rows, indices, n_users=n_users, n_posts=len(posts.id_hashes))

    return EvaluationTask(
        user_id_hashes=asked, posts=posts, train_likes=likes(train, len(users)), test_likes=likes(test, len(asked))
    )


def sample_size(n_posts: int) -> int:
    """The maximum number of test users, given how many posts are ranked for each."""
    return min(MAX_SAMPLE, max(MIN_SAMPLE, MAX_PAIRS // max(n_posts, 1)))


class ModelRanker:
    """A NeuCF model as a ranker of a task's posts; posts and users without a model row use the unknown one."""

    def __init__(
        self, model: NeuCF, task: EvaluationTask, users: Vocab, posts: Vocab, features: PostFeatures = NO_FEATURES
    ):
        device = model.gmf_weights.device
        post_rows = posts.model_rows(task.posts.id_hashes)
        vectors = vectors_of(model, post_rows, features, device)
        known = task.known
        self.model = model
        self.users = user_side_of(model, users.model_rows(task.user_id_hashes), known.posts, known.starts[:-1], vectors)
        with torch.no_grad():
            self.posts = model.post_side_of(vectors, torch.from_numpy(post_rows).to(device))

    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        return scores_of(self.model, self.users[users], self.posts)


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
    """Rank all posts except known ones with every system, and compare. Systems are built one at a time, to save memory.

    A system that refuses the data is left out; the report says why.

    Args:
        systems: functions that build each ranker.
        task: test users, posts and likes.
        ours: the system that the others are compared with.
        protocol: how the data was split, in words.
        generator: of the bootstrap.
        min_known: training likes that a user needs to be counted in the figures.
        on_lists: called with each system's lists and hits, of all users of the task.

    Raises:
        ScoringRefused: a system's scores are not finite.
    """
    values, left_out, counted = {}, {}, task.known.counts >= min_known
    for name, make in systems.items():
        try:
            lists, hits = rank_lists(make(), task, max(KS))
        except TrainingRefused as refused:
            left_out[name] = str(refused)
            continue
        values[name] = metrics_of(hits[counted], task.test_likes.counts[counted], KS)
        if on_lists is not None:
            on_lists(name, lists, hits)
    report = compare(values, ours=ours, protocol=protocol, n_posts=task.test_likes.n_posts, generator=generator)
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
    n_users, known = len(task.user_id_hashes), task.known
    lists = np.zeros((n_users, length), dtype=np.int64)
    hits = np.zeros((n_users, length), dtype=np.bool_)
    for part in blocks(n_users, min(USERS_AT_ONCE, max(1, PAIRS_AT_ONCE // max(task.test_likes.n_posts, 1)))):
        lists[part], _ = best_posts(refuse_non_finite(system.scores(part)), known.mask(part), length)
        liked = np.take_along_axis(task.test_likes.mask(part), np.maximum(lists[part], 0), axis=1)
        hits[part] = liked & (lists[part] >= 0)
    return lists, hits
