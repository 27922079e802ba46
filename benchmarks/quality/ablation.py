"""Measures the contribution of each part of NeuCF: the defaults compared with the same model without that part.

It uses validation data, never a test split: the held-back likes of MovieLens-100K's per-user cut (no content), and
worlds of simulated people over real photos with other seeds than the benchmark `photos`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.errors import DataMalformed, DataMissing
from benchmarks.quality.data import QualityData, lined_up
from benchmarks.quality.movielens import movielens_cuts
from benchmarks.quality.neucf_system import Variant, shipped, train_neucf
from benchmarks.quality.photo_question import Question, Scores, ask, aucs, pairs_of
from benchmarks.quality.photo_vectors import encode_folder
from benchmarks.quality.protocols import all_items_ranked
from benchmarks.quality.validation import validation_of
from demo.simulator.appearance import appearance_of
from demo.simulator.folder import read_folder
from demo.simulator.simulate import WorldSettings, simulate_with
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.evaluate import EvaluationTask, ModelRanker
from s02_train_neucf.evaluation.metrics import PerUser
from s02_train_neucf.learning.fit import fit
from s02_train_neucf.learning.recipe import Recipe
from shared.domain import InteractionKind
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import SortedPosts
from shared.neucf.features import ContentVectors, PostFeatures

WHOLE = "the defaults"
FIRST_WORLD = 10  # less than this is what `photos` asks; seed 1 is world 11
ML_METRICS = ("hr@10", "ndcg@10", "recall@20")
PHOTO_METRICS = ("auc cold posts", "auc warm posts")

Change = Callable[[Variant], Variant]
ReportProgress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ablated:
    """One variant on one seed."""

    without: str
    seed: int
    values: Mapping[str, PerUser]
    seconds: float


CHANGES: Mapping[str, Change] = {
    WHOLE: lambda variant: variant,
    "GMF of one number": lambda variant: replace(variant, config=replace(variant.config, gmf_width=1)),
    "MLP of one number": lambda variant: replace(variant, config=replace(variant.config, mlp_width=1, tower=(1,))),
    "without photo": lambda variant: replace(
        variant,
        config=replace(variant.config, image_width=0),
        features=PostFeatures(caption=variant.features.caption),
    ),
    "without caption": lambda variant: replace(
        variant,
        config=replace(variant.config, caption_width=0),
        features=PostFeatures(image=variant.features.image),
    ),
    "content whole beside any number of likes": lambda variant: replace(
        variant, config=replace(variant.config, content_half_likes=0)
    ),
    "without nearness": lambda variant: replace(variant, config=replace(variant.config, nearness=0)),
    "without the order of likes": lambda variant: replace(variant, config=replace(variant.config, recent=0)),
    "without history": lambda variant: replace(variant, config=replace(variant.config, history=False)),
    "one member": lambda variant: replace(variant, recipe=replace(variant.recipe, members=1)),
}
OF_CONTENT = ("without photo", "without caption", "content whole beside any number of likes", "without nearness")
NO_CONTENT = tuple(name for name in CHANGES if name not in OF_CONTENT)


def ablate_movielens(folder: Path, seeds: Sequence[int], report_progress: ReportProgress) -> list[Ablated]:
    """Train each variant that needs no content, and evaluate it on the likes that validation holds back.

    Raises:
        DataMissing, DataMalformed: as the data set itself.
    """
    data = validation_of(lined_up(next(movielens_cuts(folder))))
    if data is None:
        raise DataMalformed("ml100k: nothing can be held back for validation")
    return [_on_movielens(data, name, seed, report_progress) for name in NO_CONTENT for seed in seeds]


def _on_movielens(data: QualityData, name: str, seed: int, report_progress: ReportProgress) -> Ablated:
    report_progress(f"ml100k, {name}, seed {seed}")
    began = time.monotonic()
    values = all_items_ranked(train_neucf(data, seed, CHANGES[name](shipped(data))), data).values
    found = {metric: values[metric] for metric in ML_METRICS}
    return Ablated(without=name, seed=seed, values=found, seconds=time.monotonic() - began)


def ablate_photos(folder: Path, cache: Path, seeds: Sequence[int], report_progress: ReportProgress) -> list[Ablated]:
    """Train each variant on one world per seed, and evaluate it by the simulated truth.

    Raises:
        DataMissing: there are no photos.
    """
    if not folder.is_dir():
        raise DataMissing(f"{folder}: no such folder; --data names the folder that holds it")
    photos = read_folder(folder)
    cache.mkdir(parents=True, exist_ok=True)
    vectors, found = encode_folder(photos, cache), list[Ablated]()
    for seed in seeds:
        world = simulate_with(photos, appearance_of, seed=FIRST_WORLD + seed, settings=WorldSettings())
        question, features = ask(world), vectors.of(world)
        config = NeuCFConfig(image_width=_width(features.image), caption_width=_width(features.caption))
        whole = Variant(config=config, recipe=Recipe(), features=features)
        for name, change in CHANGES.items():
            report_progress(f"photos, {name}, world {FIRST_WORLD + seed}")
            began = time.monotonic()
            scores = _scores(question, change(whole), seed)
            values = dict(
                zip(PHOTO_METRICS, (aucs(question, scores, at) for at in (question.cold, ~question.cold)), strict=True)
            )
            found.append(Ablated(without=name, seed=seed, values=values, seconds=time.monotonic() - began))
    return found


def _scores(question: Question, variant: Variant, seed: int) -> Scores:
    """Train on the data at the cut; score all posts for the evaluated users. -> (n_asked, n_posts)"""
    there, posts = np.flatnonzero(~question.cold), question.posts
    known_posts = SortedPosts(
        id_hashes=posts.id_hashes[there],
        author_id_hashes=posts.author_id_hashes[there],
        created_at=posts.created_at[there],
    )
    fitted = fit(
        question.train, known_posts, variant.features.take(there), variant.config, variant.recipe,
        seed=seed, device=torch.device("cpu"),
    )  # fmt: skip
    n_posts = len(posts.id_hashes)
    rows, liked = np.nonzero(pairs_of(question.train, question.asked, n_posts=n_posts, kind=InteractionKind.LIKE))
    known = LikeMatrix.of(rows, liked, n_users=len(question.asked), n_posts=n_posts)
    nothing = LikeMatrix.of(rows[:0], liked[:0], n_users=len(question.asked), n_posts=n_posts)
    task = EvaluationTask(
        user_id_hashes=question.asked, posts=posts, train_likes=known, test_likes=nothing, withheld=nothing
    )
    ranker = ModelRanker(fitted.model, task, fitted.data.users, fitted.data.posts, variant.features)
    return ranker.scores(slice(0, len(question.asked)))


def _width(vectors: ContentVectors | None) -> int:
    return 0 if vectors is None else vectors.width
