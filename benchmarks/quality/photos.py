"""The benchmark `photos`: does a model find the audience of a post without interactions, and which part of it does?

The truth is simulated and known (`demo.simulator`). A model is trained on what happened before the last days; the posts
of those days are cold. Some persons are excluded from the training: they "join" afterwards, and have three likes.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.quality.photo_question import (
    KNOWN_LIKES,
    WANTED_SHARE,
    Mask,
    Question,
    Row,
    Scores,
    Users,
    ask,
    aucs,
    pairs_of,
)
from benchmarks.quality.photo_vectors import FolderVectors, encode_folder
from demo.simulator.appearance import appearance_of
from demo.simulator.folder import read_folder
from demo.simulator.simulate import PhotoWorld, WorldSettings, simulate_with
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.content_knn import ContentKNN
from s02_train_neucf.evaluation.evaluate import EvaluationTask, ModelRanker
from s02_train_neucf.evaluation.heuristic_ranker import Heuristic
from s02_train_neucf.evaluation.metrics import PerUser
from s02_train_neucf.evaluation.rankers import Popularity
from s02_train_neucf.learning.fit import Fitted, fit
from s02_train_neucf.learning.recipe import Recipe
from shared.domain import InteractionKind
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import SortedPosts
from shared.neucf.features import NO_FEATURES, ContentVectors, PostFeatures
from shared.neucf.score import best_posts
from shared.settings import HeuristicSettings

NEUCF = "neucf"
EVERYONE = "everyone's list"
LIST_LENGTH = 20
COLD, WARM, LATER = "auc cold posts", "auc warm posts", f"mean true affinity of {LIST_LENGTH}"
AUC_PROTOCOL = f"finds the {WANTED_SHARE:.0%} of posts that each person would like best, by the simulated truth"
LATER_PROTOCOL = f"joined after the training, {KNOWN_LIKES} likes, no retraining"


def run(
    folder: Path,
    seeds: Sequence[int],
    *,
    cache: Path,
    recipe: Recipe | None = None,
    settings: WorldSettings | None = None,
    report_progress: Callable[[str], None] | None = None,
) -> list[Row]:
    """Measure everything on one world per seed.

    Args:
        folder: photos and captions.csv.
        seeds: of the worlds and of the trainings.
        cache: a folder for the vectors between runs.
        recipe: of the trainings.
        settings: of the worlds.
        tell: told before each system is trained.

    Raises:
        WorldMissing: the folder is missing or malformed.
        EncoderUnavailable: an encoder's package or weights are not here.
    """
    photos = read_folder(folder)
    vectors = encode_folder(photos, cache)
    rows: list[Row] = []
    for seed in seeds:
        world = simulate_with(photos, appearance_of, seed=seed, settings=settings or WorldSettings())
        rows += measure(world, vectors, recipe or Recipe(), report_progress or _ignore_progress)
    return rows


def measure(
    world: PhotoWorld, vectors: FolderVectors, recipe: Recipe, report_progress: Callable[[str], None]
) -> list[Row]:
    """All systems on one world."""
    question, given = ask(world), vectors.of(world)
    known = pairs_of(question.train, question.asked, n_posts=len(world.born), kind=InteractionKind.LIKE)
    rows: list[Row] = []
    for name, features in _ablations(given, np.random.default_rng(world.seed)).items():
        report_progress(f"seed {world.seed}: {name}")
        began = time.monotonic()
        fitted = train(question, features, recipe)
        scores = _model_scores(fitted, question, features, question.asked, known)
        rows.append(_auc_row(name, question, scores, time.monotonic() - began))
        if name == NEUCF:
            rows += _later_rows(question, fitted, features)
    for name, plain in _plain(given, known).items():
        rows.append(_auc_row(name, question, plain, 0.0))
    return rows


def _ablations(given: PostFeatures, rng: np.random.Generator) -> dict[str, PostFeatures]:
    """The features of each ablation; a shuffle gives each post another post's photo or caption."""
    assert given.image is not None
    assert given.caption is not None
    n = len(given.image.known)
    return {
        NEUCF: given,
        "neucf, images shuffled": PostFeatures(image=given.image.take(rng.permutation(n)), caption=given.caption),
        "neucf, captions shuffled": PostFeatures(image=given.image, caption=given.caption.take(rng.permutation(n))),
        "neucf, id only": NO_FEATURES,
    }


def train(question: Question, features: PostFeatures, recipe: Recipe) -> Fitted:
    """Train on the data at the cut."""
    there = np.flatnonzero(~question.cold)
    posts = question.posts
    return fit(
        question.train,
        SortedPosts(
            id_hashes=posts.id_hashes[there],
            author_id_hashes=posts.author_id_hashes[there],
            created_at=posts.created_at[there],
        ),
        features.take(there),
        NeuCFConfig(image_width=width_of(features.image), caption_width=width_of(features.caption)),
        recipe,
        seed=question.world.seed,
        device=torch.device("cpu"),
    )


def width_of(vectors: ContentVectors | None) -> int:
    return 0 if vectors is None else vectors.width


def _model_scores(fitted: Fitted, question: Question, features: PostFeatures, users: Users, likes: Mask) -> Scores:
    """Scores of all posts for users whose likes may be newer than the model. -> (n_users, n_posts)"""
    rows, posts = np.nonzero(likes)
    known = LikeMatrix.of(rows, posts, n_users=len(users), n_posts=likes.shape[1])
    nothing = LikeMatrix.of(rows[:0], posts[:0], n_users=len(users), n_posts=likes.shape[1])
    task = EvaluationTask(
        user_id_hashes=users, posts=question.posts, train_likes=known, test_likes=nothing, withheld=nothing
    )
    return ModelRanker(fitted.model, task, fitted.data.users, fitted.data.posts, features).scores(slice(0, len(users)))


def _plain(given: PostFeatures, known: Mask) -> dict[str, Scores]:
    """Baselines without training: similarity to the mean of liked posts, and the number of likes."""
    assert given.image is not None
    assert given.caption is not None
    users, posts = np.nonzero(known)
    likes = LikeMatrix.of(users, posts, n_users=len(known), n_posts=known.shape[1])
    everyone = slice(0, len(known))
    photo, caption = (ContentKNN(likes, vectors).scores(everyone) for vectors in (given.image, given.caption))
    return {
        "photo-kNN": photo,
        "caption-kNN": caption,
        "photo+caption-kNN": photo + caption,
        "popularity": Popularity(likes).scores(everyone),
    }


def _auc_row(system: str, question: Question, scores: Scores, seconds: float) -> Row:
    values = {COLD: aucs(question, scores, question.cold), WARM: aucs(question, scores, ~question.cold)}
    return Row(system=system, protocol=AUC_PROTOCOL, values=values, seconds=seconds, seed=question.world.seed)


def _later_rows(question: Question, fitted: Fitted, features: PostFeatures) -> list[Row]:
    """The lists of those who joined after the training, beside the one that they would get without their likes."""
    n_posts = len(question.posts.id_hashes)
    likes = np.zeros((len(question.later), n_posts), dtype=np.bool_)
    np.put_along_axis(likes, question.later_likes, values=True, axis=1)
    everyone = Heuristic(question.fresh, question.posts, HeuristicSettings(), at=question.world.end)
    systems = {
        NEUCF: _model_scores(fitted, question, features, question.later, likes),
        EVERYONE: everyone.scores(slice(0, len(question.later))),
    }
    return [
        Row(
            system=system,
            protocol=LATER_PROTOCOL,
            values={LATER: _listed_affinity(question, scores, likes)},
            seconds=0.0,
            seed=question.world.seed,
        )
        for system, scores in systems.items()
    ]


def _listed_affinity(question: Question, scores: Scores, likes: Mask) -> PerUser:
    """Mean true affinity to the first posts of a list, without what was liked and one's own. -> (n_later,)"""
    own = question.world.author[None, :] == question.later[:, None]
    places, _ = best_posts(scores, likes | own, LIST_LENGTH)
    affinity = question.world.truth.affinity[question.later]
    mean: PerUser = np.take_along_axis(affinity, places, axis=1).mean(axis=1)
    return mean


def _ignore_progress(_what: str) -> None:
    pass
