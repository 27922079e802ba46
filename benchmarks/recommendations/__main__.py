"""`python -m benchmarks.recommendations`: what strangers are recommended after five likes, by each source.

On the photos world, how well a source finds the tenth of the posts that a person would like best (AUC), beside plain
nearness of photos; on a world of camps, which share of the first twenty is of the stranger's camp, beside chance.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.errors import DataMissing
from benchmarks.figures import Bound, Result, Row, at_least, parser, refusals, report
from benchmarks.provenance import ROOT
from benchmarks.quality.auc import auc
from benchmarks.quality.photos import train
from benchmarks.recommendations import serving
from benchmarks.recommendations.strangers import LIKES, Bools, Scores, World, index_of, measured, scores_of
from benchmarks.recommendations.worlds import camp_world, photo_worlds
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.content_knn import ContentKNN
from s02_train_neucf.evaluation.metrics import paired_difference
from s02_train_neucf.learning.fit import Fitted, fit
from s02_train_neucf.learning.recipe import Recipe
from shared.domain import RecommendBy
from shared.event_columns import Int64s
from shared.neucf.config import NeuCFConfig

PHOTO_NEARNESS = "photo nearness"
PARTIAL = ("photos, new posts", "photos, known posts")  # parts of a world, which are shown beside it
FIRST = 20  # of a list
PARTS = (RecommendBy.CONTENT, RecommendBy.TOGETHER, RecommendBy.NEUCF)
CACHE = ROOT / ".warmline" / "benchmark-vectors"
Found = dict[str, np.ndarray]  # system → (n_strangers,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    seeds = [given.seed] if given.quick else [given.seed + step for step in range(3)]
    with refusals("recommendations"):
        if given.demo is not None:
            return report(serving.measure(given.demo, given.seed), given.json)
        worlds = dict[str, Found]()
        for seed in seeds:
            for name, found in _measured(given.data, seed, has_champion=not given.no_champion):
                earlier = worlds.setdefault(name, {})
                for system, values in found.items():
                    earlier[system] = np.concatenate([earlier.get(system, np.zeros(0)), values])
        return report(
            Result(
                title=f"recommendations for strangers after {LIKES} likes",
                rows=[row for name, found in worlds.items() for row in _rows(name, found)],
                bounds=[bound for name, found in worlds.items() for bound in _bounds(name, found)],
                notes={"seeds": ", ".join(map(str, seeds)), "strangers": _counts(worlds)},
            ),
            given.json,
        )


def _measured(data: Path, seed: int, *, has_champion: bool) -> Iterator[tuple[str, Found]]:
    folder = data / "photos"
    if not folder.is_dir():
        raise DataMissing(f"{folder}: no such folder; --data names the folder that holds it")
    question, worlds = photo_worlds(folder, CACHE, seed)
    fitted = train(question, worlds[0].features, Recipe()) if has_champion else None
    for world in worlds:
        found = _by_source(world, fitted, auc)
        found[PHOTO_NEARNESS] = measured(world, lambda liked, world=world: _photo_nearness(world, liked), auc)  # type: ignore[misc]
        yield world.name, found
    camps = camp_world(seed)
    found = _by_source(camps, _fit_camps(camps, seed) if has_champion else None, _first_share)
    found["chance"] = np.array([wanted.mean() for wanted in camps.wanted])
    yield camps.name, found


def _by_source(world: World, fitted: Fitted | None, metric: Callable[[Scores, Bools], float]) -> Found:
    index = index_of(world, fitted)
    sources = RecommendBy if fitted is not None else (by for by in RecommendBy if by is not RecommendBy.NEUCF)
    return {by.value: measured(world, lambda liked, by=by: scores_of(index, liked, by), metric) for by in sources}  # type: ignore[misc]


def _first_share(scores: Scores, wanted: Bools) -> float:
    """The share of the first posts that are wanted."""
    return float(wanted[np.argsort(-scores, kind="stable")[:FIRST]].mean())


def _photo_nearness(world: World, liked: Int64s) -> Scores:
    assert world.features.image is not None
    likes = LikeMatrix.of(np.zeros(len(liked), np.int64), liked, n_users=1, n_posts=len(world.posts.id_hashes))
    scores: Scores = ContentKNN(likes, world.features.image).scores(slice(0, 1))[0]
    return scores


def _fit_camps(world: World, seed: int) -> Fitted:
    width = world.features.image.width if world.features.image is not None else 0
    config = NeuCFConfig(image_width=width, caption_width=width)
    return fit(
        world.events, world.posts, world.features, config, Recipe(), seed=seed, device=torch.device("cpu")
    )  # fmt: skip


def _rows(name: str, found: Found) -> list[Row]:
    unit = "share" if name == "camps" else "AUC"
    return [Row(system=system, metric=name, value=float(values.mean()), unit=unit) for system, values in found.items()]


def _bounds(name: str, found: Found) -> list[Bound]:
    """The hybrid is no worse than the better of its parts, and better than photo nearness and chance.

    Parts of a world have no bound of the first kind: there a source may have nothing to say, or all of it.
    No worse: the interval of the difference, paired by person, reaches 0.
    """
    hybrid, chance = found[RecommendBy.HYBRID], np.random.default_rng(0)
    best = max((part for part in PARTS if part in found), key=lambda part: float(found[part].mean()))
    bounds = (
        []
        if name in PARTIAL
        else [
            at_least(f"{name}: hybrid less {best}, upper end", paired_difference(hybrid, found[best], chance).high, 0)
        ]
    )
    for plain in (PHOTO_NEARNESS, "chance"):
        if plain in found:
            low = paired_difference(hybrid, found[plain], chance).low
            bounds.append(at_least(f"{name}: hybrid less {plain}, lower end", low, 0))
    return bounds


def _counts(worlds: dict[str, Found]) -> str:
    return ", ".join(f"{len(found[RecommendBy.HYBRID])} ({name})" for name, found in worlds.items())


def _parser() -> argparse.ArgumentParser:
    made = parser("recommendations", __doc__)
    wanted = made.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--data", type=Path, metavar="FOLDER", help="the folder that holds photos/")
    wanted.add_argument(
        "--demo", type=Path, metavar="FILE", help="measure the answers of a running demo instead: its demo.env"
    )
    made.add_argument("--no-champion", action="store_true", help="without a model, which takes minutes to train")
    return made


if __name__ == "__main__":
    sys.exit(main())
