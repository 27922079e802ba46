"""Chooses the settings of the baselines that have some, on the validation split that NeuCF's own search uses.

A baseline with settings that do not fit the data is no measure: a model would look better than it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.evaluate import VALIDATION_K, VALIDATION_METRIC, EvaluationTask, metrics_per_user
from s02_train_neucf.evaluation.ials import IALS
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.rankers import EASE, MAX_DENSE_POSTS, ItemKNN, SparseItemKNN, refuse_too_many

MAX_USERS = 2_000  # of the validation split that are ranked for each setting; more would not change the choice
# The most liked ones, with which settings are tried: some baselines take time that grows with the cube of the posts.
# What is chosen is used with all posts.
MAX_POSTS = 2_000
# EASE's time grows with the cube of the posts: at this bound 25 s of one core for each of the two cuts. At 20,000,
# which benchmarks take, it would be minutes and 3.2 GB of a night.
MAX_NIGHTLY_EASE_POSTS = 10_000

Setting = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunable:
    """A baseline and the settings that it is tried with; the first one is taken if nothing can be held back."""

    make: Callable[[LikeMatrix, Setting, int], Ranker]  # likes, setting, seed
    grid: tuple[Setting, ...]
    more_than: int = 0  # with fewer posts or as many it is not asked: another baseline does the same exactly
    max_posts: int | None = None  # with more it refuses; None: it takes any number


def _item_knn(likes: LikeMatrix, setting: Setting, _seed: int) -> Ranker:
    return ItemKNN(likes, neighbours=int(setting["neighbours"]), shrink=setting["shrink"])


def _sparse_item_knn(likes: LikeMatrix, setting: Setting, seed: int) -> Ranker:
    return SparseItemKNN(likes, neighbours=int(setting["neighbours"]), shrink=setting["shrink"], seed=seed)


def _ease(likes: LikeMatrix, setting: Setting, _seed: int) -> Ranker:
    return EASE(likes, l2=setting["l2"])


def _ials(likes: LikeMatrix, setting: Setting, seed: int) -> Ranker:
    return IALS(likes, factors=int(setting["factors"]), weight=setting["weight"], l2=setting["l2"], seed=seed)


_NEIGHBOURS = tuple(
    {"neighbours": neighbours, "shrink": shrink}
    for neighbours, shrink in ((100, 10.0), (100, 1.0), (100, 100.0), (20, 10.0), (20, 100.0), (400, 10.0))
)
# From some hundred users with ten likes each to MovieLens-1M; the first of each grid is the best in between.
TUNABLE: Mapping[str, Tunable] = {
    "item-knn": Tunable(make=_item_knn, max_posts=MAX_DENSE_POSTS, grid=_NEIGHBOURS),
    "item-knn-sparse": Tunable(make=_sparse_item_knn, more_than=MAX_DENSE_POSTS, grid=_NEIGHBOURS),
    "ease": Tunable(
        make=_ease, max_posts=MAX_NIGHTLY_EASE_POSTS, grid=tuple({"l2": l2} for l2 in (300.0, 30.0, 100.0, 1000.0))
    ),
    "ials": Tunable(
        make=_ials,
        grid=tuple(
            {"factors": factors, "weight": weight, "l2": l2}
            for factors, weight, l2 in (
                (32, 10.0, 40.0), (16, 1.0, 5.0), (32, 2.0, 10.0), (64, 5.0, 20.0), (64, 10.0, 50.0), (128, 5.0, 50.0),
            )
        ),
    ),
}  # fmt: skip


def tunable_for(n_posts: int) -> list[str]:
    """The baselines that are asked about so many posts; some of them may refuse."""
    return [name for name, tunable in TUNABLE.items() if n_posts > tunable.more_than]


@dataclass(slots=True, kw_only=True, eq=False)
class TunedBaselines:
    """Makes baselines with the best setting of their grid, and remembers which one it was."""

    validation: EvaluationTask | None  # None: nothing can be held back
    seed: int  # of the baselines that have one
    chosen: dict[str, Setting] = field(default_factory=dict)  # baseline -> its setting

    def make(self, name: str, likes: LikeMatrix) -> Ranker:
        """The baseline, learned from these likes.

        Raises:
            TrainingRefused: the baseline refuses the data.
        """
        tunable = TUNABLE[name]
        if tunable.max_posts is not None:
            refuse_too_many(likes.n_posts, tunable.max_posts)  # before any setting is tried
        setting = best_setting(tunable, self.validation, seed=self.seed)
        ranker = tunable.make(likes, setting, self.seed)
        self.chosen[name] = setting
        return ranker


def best_setting(tunable: Tunable, validation: EvaluationTask | None, *, seed: int) -> Setting:
    """The setting with the best validation figure; of equal ones the first.

    Raises:
        TrainingRefused: the baseline refuses the data.
    """
    if validation is None:
        return tunable.grid[0]
    asked = validation.first_users(MAX_USERS).of_most_liked(MAX_POSTS)

    def figure(setting: Setting) -> float:
        ranker = tunable.make(asked.train_likes, setting, seed)
        return float(metrics_per_user(ranker, asked, (VALIDATION_K,))[VALIDATION_METRIC].mean())

    return max(tunable.grid, key=figure)
