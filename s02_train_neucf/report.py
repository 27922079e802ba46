"""Evaluates a training's models beside baselines: in the replay, and on two cuts with all posts ranked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.evaluation.all_posts import ListFigures
from s02_train_neucf.evaluation.cold_posts import AS_OF_THE_CUT, IDS_ALONE, LIKES_ALONE, ColdPosts
from s02_train_neucf.evaluation.content_knn import ContentKNN
from s02_train_neucf.evaluation.evaluate import EvaluationTask, ModelRanker, Report, evaluate, task_of_split
from s02_train_neucf.evaluation.heuristic_ranker import Heuristic
from s02_train_neucf.evaluation.metrics import Hits
from s02_train_neucf.evaluation.ranker import Ranker
from s02_train_neucf.evaluation.rankers import Popularity
from s02_train_neucf.evaluation.split import Split, global_cut, per_user_cut, validation_cut
from s02_train_neucf.evaluation.tuning import TunedBaselines, tunable_for
from s02_train_neucf.gate.baselines import HEURISTIC, POPULARITY
from s02_train_neucf.gate.cuts import ReplayCut, cuts_of
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.learned_ranking import with_learned
from s02_train_neucf.gate.rank_at import ModelAtCut, ReplayRules
from s02_train_neucf.gate.replay import CutFigures, replay_cut
from s02_train_neucf.gate.replay_report import NEUCF, Replay, replay_of
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.fit import FEW_LIKES, Fitted, FitUnderWay, SearchResult, begin_fit, fit, search_for
from s02_train_neucf.learning.ranker_state import ranker_state_of
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.side_by_side import ALONE, OnMessage, Pending, Workers
from s02_train_neucf.learning.warm_start import Predecessor
from s02_train_neucf.progress import GLOBAL, PER_USER, all_posts_step, replay_step
from s02_train_neucf.replay_units import (
    Messages,
    Replayed,
    ReplayUnit,
    SharedPlan,
    name_of_cut,
    units_of,
    with_messages,
)
from shared.errors import TrainingRefused
from shared.event_columns import Events
from shared.jobs.stages import Stopwatch
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import SortedPosts, examples_of
from shared.neucf.rank_trees import RankTrees
from shared.run_progress import ReportProgress, ignore_progress

SHORT_WARM_SHARE = 0.2  # of the epochs, for the models of the evaluation, where likes are many
PER_USER_SHARE = 0.2  # of each user's likes, the last ones
SHOWN = ("hr@10", "ndcg@10", "recall@20")
REPLAY, ALL_POSTS = "replay", "exams"  # parts of a run's time

OnEpoch = Callable[[str, EpochResult], None]
MakeRanker = Callable[[], Ranker]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """How models are trained and evaluated in a run."""

    data: TrainingData
    config: NeuCFConfig
    recipe: Recipe
    rules: ReplayRules  # its `min_known` holds for the other cuts too
    seed: int
    device: torch.device
    watch: Stopwatch = field(default_factory=Stopwatch)  # measures the parts of the evaluation
    report_progress: ReportProgress = ignore_progress

    def fit(
        self,
        data: TrainingData,
        on_epoch: Callable[[EpochResult], None],
        search_result: SearchResult | None = None,
        predecessor: Predecessor | None = None,
    ) -> Fitted:
        """A model trained on these data, started from `predecessor` if there is one.

        Raises:
            TrainingRefused: there is no positive example.
        """
        return fit(
            data.events, data.posts, data.features, self.config, self.recipe,
            seed=self.seed, device=self.device, search_result=search_result, on_epoch=on_epoch,
            predecessor=predecessor,
        )  # fmt: skip

    def begin_fit(
        self,
        data: TrainingData,
        on_epoch: Callable[[EpochResult], None],
        search_result: SearchResult,
        predecessor: Predecessor | None,
        workers: Workers,
    ) -> FitUnderWay:
        """The same, handed over to workers.

        Raises:
            TrainingRefused: there is no positive example.
        """
        return begin_fit(
            data.events, data.posts, data.features, self.config, self.recipe, search_result,
            seed=self.seed, device=self.device, on_epoch=on_epoch, predecessor=predecessor, workers=workers,
        )  # fmt: skip

    def replay(self, history: History, cut: ReplayCut, fitted: Fitted, name: str) -> CutFigures:
        """Replay a cut with the model that was trained at it, and count test users and steps."""
        step = replay_step(name.partition(" of ")[0])
        with self.watch.part(REPLAY):
            state = ranker_state_of(fitted.data, self.rules.rankers)
            model = ModelAtCut(fitted.model, fitted.data.users, fitted.data.posts, history, state)
            figures = replay_cut(history, self.rules, cut, model, partial(self.report_progress, step))
        self.watch.count("steps", figures.n_steps)
        self.watch.count("asked", figures.n_asked)
        self.watch.count("people", len(figures.user_id_hashes))
        return figures

    def search(
        self, data: TrainingData, on_epoch: Callable[[EpochResult], None], workers: Workers = ALONE
    ) -> SearchResult:
        """Epochs and learning rate for models trained on these data.

        Raises:
            TrainingRefused: vectors are broken, or the loss is not finite.
        """
        return search_for(
            data.events, data.posts, data.features, self.config, self.recipe,
            seed=self.seed, device=self.device, on_epoch=on_epoch, workers=workers,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """All figures of a training run."""

    replay: Replay
    trees: RankTrees | None  # of a final ranker that was learned; None: there is none
    cuts: Mapping[str, Report]  # "global" and "per user", if there are test users
    search_result: SearchResult | None  # on the data before the first cut; None if there was nothing to learn from

    @property
    def shown(self) -> Report | None:
        """The report that describes the model: that of the replay, else of the first cut."""
        return self.replay.report or next(iter(self.cuts.values()), None)


def evaluate_model(
    plan: EvaluationPlan,
    history: History,
    on_epoch: OnEpoch,
    workers: Workers = ALONE,
    on_search: Callable[[SearchResult], None] | None = None,
) -> EvaluationResult:
    """Replay the last part of the data, one training per cut; then rank all posts, on two cuts of the same data.

    Epochs and learning rate are searched for once, on likes before the warm-up that the per-user cut does not ask for
    either. The model of the first judged cut is also used for the global cut, which has the same training data.
    Each cut's model starts from that of the warm-up. Where data are many, only one member is trained per cut, since
    three take three times as long, and their mean, which goes live, was never measured worse than one of them
    (EXPERIMENTS.md); the warm-up's and the per-user cut's model then start from that of the search. No model has seen
    its test likes.

    Args:
        plan: how models are trained and evaluated.
        history: of the plan's data.
        on_epoch: called after each epoch, with the name of its cut; cuts may alternate.
        workers: what is independent runs side by side on them; no figure depends on their number.
        on_search: called with what the search has found, before the replay: the final model may be begun with it.

    Raises:
        WorkerDied: a process of `workers` ended.
    """
    whole = plan.recipe
    if len(history.likes) > FEW_LIKES:
        plan = replace(plan, recipe=replace(plan.recipe, members=1, warm_share=SHORT_WARM_SHARE))
    cuts = cuts_of(plan.data.events, history.likes, min_known=plan.rules.min_known)
    shared = workers.share((replace(plan, watch=Stopwatch(), report_progress=ignore_progress), history))
    messages = Messages(plan, on_epoch)
    search_result, searched_at = _search(plan, cuts, on_epoch, workers)
    searched = of_search = None
    if search_result is not None:
        of_search = search_result.model
        searched = search_result.model if plan.recipe.members == 1 else None
        search_result = replace(search_result, model=None)  # which units would carry along
    units = [] if search_result is None else units_of(cuts, evaluate_global_cut, search_result, searched_at)

    def submit(unit: ReplayUnit) -> Pending[Replayed | None]:
        apart = ALL_POSTS if unit.is_global else ""
        return workers.submit(unit, shared, name=unit.name, on_message=messages.take, apart=apart)

    first = [submit(replace(unit, predecessor=searched)) for unit in units[:1]]
    per_user = workers.submit(
        partial(_evaluate_users, search_result, searched),
        shared,
        name=PER_USER,
        on_message=messages.take,
        apart=ALL_POSTS,
    )
    if search_result is not None:
        search_result = SearchResult(
            recipe=replace(search_result.recipe, members=whole.members, warm_share=whole.warm_share),
            epochs=search_result.epochs,
            model=of_search,
        )
        if on_search is not None:
            on_search(search_result)
    done = _results(first)
    start_from = done[0].model if done else None
    done += _results([submit(replace(unit, predecessor=start_from)) for unit in units[1:]])
    of_cuts = {GLOBAL: next((each.report for each in done if each.report is not None), None)}
    of_cuts[PER_USER] = per_user.result()
    learned = with_learned([each.figures for each in done], plan.rules.rankers, history, plan.rules.list_length)
    replay = replay_of(
        learned.cuts, learned.rankers, n_warm_up=sum(each.is_warm_up for each in done),
        n_posts=len(plan.data.posts.id_hashes), min_known=plan.rules.min_known,
        generator=np.random.default_rng(plan.seed),
    )  # fmt: skip
    return EvaluationResult(
        replay=replay,
        trees=learned.trees,
        cuts={name: report for name, report in of_cuts.items() if report is not None},
        search_result=search_result,
    )


def _results(units: Sequence[Pending[Replayed | None]]) -> list[Replayed]:
    """Of the cuts that had something to learn from."""
    return [found for unit in units if (found := unit.result()) is not None]


def _search(
    plan: EvaluationPlan, cuts: Sequence[ReplayCut], on_epoch: OnEpoch, workers: Workers
) -> tuple[SearchResult | None, float]:
    """Epochs and learning rate by the data before the first cut that has something to learn from, and its time.

    The last likes of each user, which the per-user cut asks for, are left out: so one search serves both.
    """
    not_asked = replace(plan.data, events=_split_users(plan.data.without_deleted()).train_events)
    for index, cut in enumerate(cuts):
        data = not_asked.before(cut.start)
        try:
            found = plan.search(data, partial(on_epoch, name_of_cut(index, len(cuts))), workers)
        except TrainingRefused:
            continue
        if found.epochs or len(examples_of(data.events, data.posts)):
            return found, cut.start
    return None, 0.0


def _split_users(data: TrainingData) -> Split:
    return per_user_cut(data.events, data.posts, share=PER_USER_SHARE)


def _evaluate_users(
    search_result: SearchResult | None, predecessor: Predecessor | None, shared: SharedPlan, on_message: OnMessage
) -> Report | None:
    plan = with_messages(shared[0], on_message)
    report = evaluate_per_user_cut(plan, search_result, lambda cut, epoch: on_message((cut, epoch)), predecessor)
    on_message(plan.watch)
    return report


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cut:
    """A split with what is ranked on it."""

    name: str
    data: TrainingData  # its posts are those that are ranked, or asked for in the cold row
    split: Split
    at: float  # time of the heuristic
    task: EvaluationTask  # with all these posts
    ranked: NDArray[np.bool_]  # (n_posts,) posts of the main figures
    cold: NDArray[np.bool_]  # (n_posts,) posts of the cold row
    ranked_posts: str  # in words
    validation: tuple[Events, SortedPosts]  # what the model's search saw, for the settings of the baselines


def evaluate_global_cut(plan: EvaluationPlan, fitted: Fitted, *, at: float, searched_at: float) -> Report | None:
    """Evaluate on a cut at one point in time: of the posts that stood then and were liked by then, which came next?

    Posts that were deleted since are ranked too: they could be shown then, and leaving them out would be hindsight.
    Posts without a like and those that came later are asked for in the cold row alone.

    Args:
        plan: how models are evaluated.
        fitted: the model of this cut.
        at: time of the cut.
        searched_at: time of the cut before which the model's epochs and learning rate were searched for.

    Returns:
        The report; None if there is nobody to ask.
    """
    data = plan.data.not_deleted_by(at)
    split = global_cut(data.events, data.posts, at=at)
    task = _task(split, data)
    if task is None:
        return None
    ranked = data.standing(at) & _is_liked(task)
    words = f"the {np.count_nonzero(ranked)} posts that stood and had a like by then ranked"
    seen_by_search = plan.data.events.before(searched_at), plan.data.posts.where(plan.data.standing(searched_at))
    cut = _Cut(
        name=GLOBAL, data=data, split=split, at=at, task=task, ranked=ranked, cold=~ranked, ranked_posts=words,
        validation=seen_by_search,
    )  # fmt: skip
    return _evaluate(plan, cut, fitted)


def evaluate_per_user_cut(
    plan: EvaluationPlan, search_result: SearchResult | None, on_epoch: OnEpoch, predecessor: Predecessor | None = None
) -> Report | None:
    """Evaluate on each user's last likes.

    All posts that are not deleted are ranked; those without a like in training are asked for in the cold row too.

    Args:
        plan: how models are evaluated.
        search_result: found without these likes, some of which are older than the first cut; None: search here.
        on_epoch: called after each epoch, with the name of the cut.
        predecessor: a model to start from that has not seen these likes; None: there is none.
    """
    data = plan.data.without_deleted()
    split = _split_users(data)
    try:
        fitted = plan.fit(
            replace(data, events=split.train_events), partial(on_epoch, PER_USER), search_result, predecessor
        )
    except TrainingRefused:
        return None
    task = _task(split, data)
    if task is None:
        return None
    cut = _Cut(
        name=PER_USER, data=data, split=split, at=float(data.events.at.max(initial=0.0)) + 1.0, task=task,
        ranked=np.ones(len(data.posts), dtype=np.bool_), cold=~_is_liked(task),
        ranked_posts=f"all {len(data.posts)} posts ranked", validation=(split.train_events, data.posts),
    )  # fmt: skip
    return _evaluate(plan, cut, fitted)


def _task(split: Split, data: TrainingData) -> EvaluationTask | None:
    try:
        return task_of_split(split, data.posts)
    except TrainingRefused:
        return None


def _validation_task(events: Events, posts: SortedPosts) -> EvaluationTask | None:
    split = validation_cut(events, posts)
    return None if split is None else task_of_split(split, posts)


def _is_liked(task: EvaluationTask) -> NDArray[np.bool_]:
    """Whether a post has a like in training. (n_posts,)"""
    return np.bincount(task.train_likes.posts, minlength=task.train_likes.n_posts) > 0


def _evaluate(plan: EvaluationPlan, cut: _Cut, fitted: Fitted) -> Report | None:
    task, min_known = cut.task.among(cut.ranked), plan.rules.min_known
    if not ((task.known.counts >= min_known) & (task.test_likes.counts > 0)).any():
        return None
    with plan.watch.part(ALL_POSTS):
        tuned = TunedBaselines(validation=_validation_task(*cut.validation), seed=plan.seed)
        systems: dict[str, MakeRanker] = {
            NEUCF: lambda: ModelRanker(fitted.model, task, fitted.data.users, fitted.data.posts, cut.data.features),
            **make_baselines(plan, cut, tuned),
        }
        lists = ListFigures(task=task, cold_below=min_known, photos=cut.data.features.image, seed=plan.seed)
        cold = ColdPosts(
            task=cut.task.among(cut.cold), min_known=min_known, says_nothing=_says_nothing(cut.data), seed=plan.seed
        )

        def on_lists(system: str, ranker: Ranker, found: NDArray[np.int64], hits: Hits) -> None:
            lists.add(system, found, hits)
            cold.add(system, ranker)

        plan.watch.count("examined", len(task.user_id_hashes))
        protocol = f"{cut.name} cut by time; {cut.ranked_posts}; users with {min_known} likes or more"
        report = evaluate(
            _counted(systems, partial(plan.report_progress, all_posts_step(cut.name))), task, ours=NEUCF,
            protocol=protocol, generator=np.random.default_rng(plan.seed), min_known=min_known, on_lists=on_lists,
        )  # fmt: skip
    return replace(report, spread=lists.spread, slices=lists.slices, cold=cold.row(), settings=tuned.chosen)


def _counted(systems: Mapping[str, MakeRanker], on_system: Callable[[int, int], None]) -> dict[str, MakeRanker]:
    """The same functions; each first reports that its system has started."""

    def make_counted(index: int, make: MakeRanker) -> Ranker:
        on_system(index, len(systems))
        return make()

    return {name: partial(make_counted, index, make) for index, (name, make) in enumerate(systems.items())}


def make_baselines(plan: EvaluationPlan, cut: _Cut, tuned: TunedBaselines) -> dict[str, MakeRanker]:
    """Functions that build the baselines; one refuses if its package is missing or posts × posts are too many."""
    likes, features = cut.task.train_likes, cut.data.features
    contents = {"photo-knn": features.image, "caption-knn": features.caption}
    return {
        POPULARITY: lambda: Popularity(likes),
        HEURISTIC: lambda: Heuristic(cut.split.train_events, cut.data.posts, plan.rules.formula, at=cut.at),
        **{name: partial(tuned.make, name, likes) for name in tunable_for(likes.n_posts)},
        **{name: partial(ContentKNN, likes, vectors) for name, vectors in contents.items() if vectors is not None},
    }


def _says_nothing(data: TrainingData) -> dict[str, str]:
    """The systems that cannot on_message cold posts apart, and why."""
    without_content = data.features.image is None and data.features.caption is None
    return {
        POPULARITY: LIKES_ALONE,
        HEURISTIC: AS_OF_THE_CUT,
        **dict.fromkeys(tunable_for(len(data.posts.id_hashes)), LIKES_ALONE),
        **({NEUCF: IDS_ALONE} if without_content else {}),
    }
