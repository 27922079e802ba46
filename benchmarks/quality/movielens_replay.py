"""The replay that the gate reads, on MovieLens-100K as the demo has it: films as posts of some of its own people.

It has no photos and captions, so that nothing must be encoded; `make demo` uses both.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.quality.movielens import ratings_of
from benchmarks.quality.rows import Row
from benchmarks.rules import default_rules
from demo.make_world import make_world
from demo.movielens import Ratings
from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.evaluation.evaluate import Report
from s02_train_neucf.gate.history import History
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.report import EvaluationPlan, evaluate_model
from shared.db.bulk import BlockPairs
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import SortedPosts
from shared.neucf.features import NO_FEATURES

PROTOCOL = "replay"
DATASET = "ml100k, the demo's world"
WORLD_SEED = 20  # as the demo's
WORLD_ENDS = datetime(2026, 1, 1, tzinfo=UTC)
SHOWN = ("hr@10", "ndcg@10", "recall@20")

Names = npt.NDArray[np.str_]


def replay_movielens(
    folder: Path, seed: int, console: Console, report_progress: Callable[[str, int, int], None]
) -> list[Row]:
    """Train at each cut, replay, print the table, and return a row per system."""
    data = demo_world(ratings_of(folder))
    plan = EvaluationPlan(
        data=data,
        config=NeuCFConfig(),
        recipe=Recipe(),
        rules=default_rules(seed),
        seed=seed,
        device=torch.device("cpu"),
    )
    evaluation = evaluate_model(
        plan, History.of(data), lambda cut, epoch: report_progress(f"replay, {cut}", epoch.number, epoch.of)
    )
    if evaluation.replay.report is None:
        console.print(f"no replay: {evaluation.replay.missing}", markup=False)
        return []
    rankers = "; ".join(str(each.ranker) for each in evaluation.replay.cuts)
    console.print(_table(evaluation.replay.report))
    console.print(f"final ranker of each cut, chosen on the cuts before it: {rankers}", markup=False)
    for each in evaluation.replay.comparisons:
        console.print(each.sentence, markup=False)
    return [
        {
            "system": name,
            "dataset": DATASET,
            "protocol": PROTOCOL,
            "metrics": {metric: value.mean for metric, value in figures.items()},
            "seconds": None,
            "seed": seed,
        }
        for name, figures in evaluation.replay.report.figures.items()
    ]


def demo_world(ratings: Ratings) -> TrainingData:
    """The demo's world as training data, with keys in the order of the ids."""
    world = make_world(ratings, seed=WORLD_SEED, now=WORLD_ENDS)
    people = np.unique(
        np.r_[world.users.id, world.interactions.user_id, world.posts.author_id, world.blocks.user_id,
              world.blocks.blocked_user_id]
    )  # fmt: skip
    films, order = np.sort(world.posts.id), np.argsort(world.posts.id)

    def person(ids: Names) -> npt.NDArray[np.int64]:
        return np.searchsorted(people, ids).astype(np.int64)

    kinds = np.array([KIND_CODES[InteractionKind(kind)] for kind in world.interactions.kind], dtype=np.int16)
    return TrainingData(
        events=Events(
            user_id_hashes=person(world.interactions.user_id),
            post_id_hashes=np.searchsorted(films, world.interactions.post_id).astype(np.int64),
            kinds=kinds,
            at=_seconds(world.interactions.created_at),
        ),
        posts=SortedPosts(
            id_hashes=np.arange(len(films)),
            author_id_hashes=person(world.posts.author_id)[order],
            created_at=_seconds(world.posts.created_at)[order],
        ),
        features=NO_FEATURES,
        deleted_at=np.full(len(films), np.inf),
        blocks=BlockPairs(
            user_id_hashes=person(world.blocks.user_id),
            blocked_id_hashes=person(world.blocks.blocked_user_id),
            at=_seconds(world.blocks.created_at),
        ),
    )


def _seconds(times: npt.NDArray[np.datetime64]) -> npt.NDArray[np.float64]:
    return times.astype("datetime64[ms]").astype(np.int64) / 1000.0


def _table(report: Report) -> Table:
    table = Table(title=f"{DATASET}: {report.protocol}; {report.n_users} users; mean [95 % by bootstrap]")
    for heading in ("system", *SHOWN, f"{report.ours} less it, ndcg@10"):
        table.add_column(heading)
    for name, figures in report.figures.items():
        gain = report.differences[name]["ndcg@10"] if name in report.differences else ""
        table.add_row(name, *(str(figures[metric]) for metric in SHOWN), str(gain))
    return table
