"""Does what the nightly job does after reading PostgreSQL, stage by stage, and reports the memory of its process."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.child import write_record
from benchmarks.resident import peak_rss
from benchmarks.rules import default_rules
from benchmarks.train_memory.world import CAPTION_WIDTH, IMAGE_WIDTH, Size, read_world, write_world
from s02_train_neucf.gate.history import History
from s02_train_neucf.judge import judge
from s02_train_neucf.learning.curves import EpochResult
from s02_train_neucf.learning.ranker_state import ranker_state_of
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.report import EvaluationPlan, evaluate_model
from s02_train_neucf.report_json import report_json
from shared.neucf.artefact import Artefact, save_artefact
from shared.neucf.config import NeuCFConfig
from shared.neucf.manifest import Manifest


def run(folder: Path, *, epochs: int, steps: int, seed: int) -> None:
    """Run all stages; writes one line of JSON per stage."""
    with _stage("columns in memory"):
        data = read_world(folder)
    plan = EvaluationPlan(
        data=data,
        config=NeuCFConfig(image_width=IMAGE_WIDTH, caption_width=CAPTION_WIDTH),
        recipe=replace(Recipe(), epochs=epochs, max_steps=steps),
        rules=default_rules(seed),
        seed=seed,
        device=torch.device("cpu"),
    )
    with _stage("the past in order"):
        history = History.of(data)
    with _stage("trial: search, replay, two cuts beside plain rankers"):
        evaluation = evaluate_model(plan, history, _ignore_progress)
    with _stage("training on everything"):
        fitted = plan.fit(data.without_deleted(), lambda _: None, evaluation.search_result)
    with _stage("judgement"):
        state = ranker_state_of(fitted.data, [evaluation.replay.ranker], evaluation.trees)
        verdict = judge(history, plan, fitted, evaluation.replay, state)
    with _stage("report and model file"), tempfile.TemporaryDirectory() as home:
        json.dumps(report_json(evaluation))
        now = datetime.now(UTC)
        manifest = Manifest(
            config=fitted.model.config, image_encoder=None, caption_encoder=None,
            data_from=now, data_until=now, trained_at=now, seed=seed, recipe={}, metrics={},
        )  # fmt: skip
        artefact = Artefact(fitted.model, fitted.data.users, fitted.data.posts, manifest)
        save_artefact(Path(home) / "model", artefact, allow_non_finite=True)
    rows = {"users": fitted.data.users.n_rows, "posts": fitted.data.posts.n_rows, "likes": len(fitted.data.likes.posts)}
    write_record({**rows, "width": fitted.model.config.width, "verdict": verdict.reason})


@contextmanager
def _stage(name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    write_record({"stage": name, "seconds": round(time.monotonic() - begun, 1), "peak": peak_rss()})


def _ignore_progress(_cut: str, _epoch: EpochResult) -> None:
    pass


def main() -> None:
    """`world FOLDER USERS POSTS EVENTS SHARE SEED`, or `night FOLDER EPOCHS STEPS SEED`."""
    action, folder, *arguments = sys.argv[1:]
    numbers = [float(number) for number in arguments]
    if action == "world":
        users, posts, events, share, seed = numbers
        size = Size(users=int(users), posts=int(posts), events=int(events), like_share=share, seed=int(seed))
        write_world(size, Path(folder))
        return
    epochs, steps, seed = numbers
    torch.set_num_threads(1)
    run(Path(folder), epochs=int(epochs), steps=int(steps), seed=int(seed))


if __name__ == "__main__":
    main()
