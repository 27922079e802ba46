"""`python -m benchmarks.whole.stage NAME SIZES`: one stage in a process of its own; says seconds and peak memory.

WARMLINE_DATABASE_URL, WARMLINE_REDIS_URL and WARMLINE_MODEL_DIR say where.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import torch

from benchmarks.child import write_record
from benchmarks.figures import count
from benchmarks.jobs import WORKER, heuristic_run, heuristic_settings
from benchmarks.resident import MIB, forget_peak, peak_rss
from benchmarks.world.fill import fill_own_tables
from benchmarks.world.shape import Size, World, make_world
from benchmarks.world.vectors import Encoding, fill_vectors
from s02_recsys_neucf.job import JOB as SCORE_JOB
from s02_recsys_neucf.job import JobSettings as ScoreJobSettings
from s02_recsys_neucf.job import run_scoring
from s02_recsys_neucf.settings import ScoreSettings
from s02_train_neucf.data.dataset import training_set
from s02_train_neucf.data.load import TrainingData, load_training_data
from s02_train_neucf.job import recipe_json
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.learning.train import train_members
from shared.content.encode_posts import Encoders, build_encoders
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.models import promote_model, register_model
from shared.db.phases import installation_id
from shared.db.runs import claim_run, finish_run, request_run
from shared.db.vectors import ContentKind
from shared.neucf.artefact import Artefact, save_artefact
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import examples_of
from shared.neucf.manifest import Manifest
from shared.ranked_lists.job_store import JobStore
from shared.settings import ModelSettings, StoreSettings, load_settings

DAYS = 730
FOLDER = "model-whole"
NEEDS_ENCODERS = ("generate", "load", "train")  # the scoring job builds its own, which is a part of its time
Facts = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The input of a stage."""

    world: World
    stores: StoreSettings
    epochs: int
    encoders: Encoders | None

    @property
    def known_encoders(self) -> Encoders:
        assert self.encoders is not None, NEEDS_ENCODERS
        return self.encoders


def generate(task: Task) -> Facts:
    """The four relations, and the vectors that the encoders would have made."""
    world, stores = task.world, task.stores
    url = stores.database_url.get_secret_value().replace("+psycopg2", "", 1)
    filled, encoders = fill_own_tables(url, world), task.known_encoders
    encodings = [
        Encoding(part=part, encoder=card.identity, width=card.width)
        for part, card in ((ContentKind.IMAGE, encoders.image.card), (ContentKind.CAPTION, encoders.caption.card))
    ]
    return {"rows": filled.total, "vectors": fill_vectors(url, world, encodings)}


def heuristic(task: Task) -> Facts:
    """One run of the heuristic job."""
    world, stores = task.world, task.stores
    report = heuristic_run(Database(stores), stores.redis_url.get_secret_value(), world.now)
    return {"lists": report["lists"], "posts": report["posts"], "events": report["events"]}


def load(task: Task) -> Facts:
    """What a training reads, vectors too."""
    world, stores = task.world, task.stores
    data = _training_data(world, Database(stores), task.known_encoders)
    return {"events": len(data.events.at), "posts": len(data.posts.id_hashes)}


def train(task: Task) -> Facts:
    """Load, learn from everything in a few epochs, save, promote; the replay and the gate are left out."""
    world, stores = task.world, task.stores
    database, encoders, model_dir = Database(stores), task.known_encoders, load_settings(ModelSettings).model_dir
    data = _training_data(world, database, encoders)
    recipe = Recipe(epochs=task.epochs, members=1)
    config = NeuCFConfig(image_width=encoders.image.card.width, caption_width=encoders.caption.card.width)
    known = training_set(examples_of(data.events, data.posts), data.posts, data.features)
    model = train_members(known, config, recipe, seed=world.seed, device=torch.device("cpu"))
    manifest = Manifest(
        config=model.config,
        image_encoder=manifest_encoder(encoders.image.card),
        caption_encoder=manifest_encoder(encoders.caption.card),
        data_from=datetime.fromtimestamp(float(data.events.at.min()), UTC),
        data_until=world.now,
        trained_at=world.now,
        seed=world.seed,
        recipe=recipe_json(recipe),
        metrics={},
        numbering=installation_id(database),
    )
    model_dir.mkdir(parents=True, exist_ok=True)
    saved = save_artefact(model_dir / FOLDER, Artefact(model, known.users, known.posts, manifest))
    version = register_model(
        database, run_id=1, folder=FOLDER, sha256=saved.weights_sha256, accepted=True, verdict="a benchmark", report={}
    )
    promote_model(database, version, by=WORKER)
    return {"users": known.users.n_rows - 1, "posts": known.posts.n_rows - 1, "epochs": task.epochs}


def score(task: Task) -> Facts:
    """One run of the scoring job."""
    world, stores = task.world, task.stores
    database, ours = Database(stores), heuristic_settings()
    settings = ScoreJobSettings(
        score=ScoreSettings(), model=load_settings(ModelSettings), content=ContentSettings(),
        lists=ours.lists, window=ours.window, formula=ours.formula,
    )  # fmt: skip
    request_run(database, SCORE_JOB, by=WORKER)
    run = claim_run(database, SCORE_JOB, worker=WORKER)
    assert run is not None, "nobody else works on a benchmark's database"
    lists = ours.lists
    writer = JobStore(stores.redis_url.get_secret_value(), keep_for=lists.keep_for, chain_for=lists.chain_for)
    report = run_scoring(database, writer, settings, run, world.now)
    finish_run(database, run, report=report)
    writer.close()
    return {"lists": report["lists"], "posts": report["posts"]}


STAGES: Mapping[str, Callable[[Task], Facts]] = {
    "generate": generate,
    "heuristic": heuristic,
    "load": load,
    "train": train,
    "score": score,
}


def main(arguments: list[str]) -> None:
    """Do one stage."""
    parser = argparse.ArgumentParser(prog="benchmarks.whole.stage", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    for name in ("users", "posts", "interactions", "epochs", "seed"):
        parser.add_argument(f"--{name}", type=count, required=True)
    parser.add_argument("--now", type=datetime.fromisoformat, required=True)
    given = parser.parse_args(arguments)
    size = Size(users=given.users, posts=given.posts, interactions=given.interactions, blocks=given.users // 10)
    stores = load_settings(StoreSettings)
    task = Task(
        world=make_world(size, seed=given.seed, now=given.now),
        stores=stores,
        epochs=given.epochs,
        encoders=build_encoders(ContentSettings()) if given.stage in NEEDS_ENCODERS else None,
    )
    forget_peak()
    begun = time.perf_counter()
    facts = STAGES[given.stage](task)
    write_record({**facts, "seconds": time.perf_counter() - begun, "peak MiB": peak_rss() / MIB})


def _training_data(world: World, database: Database, encoders: Encoders) -> TrainingData:
    return load_training_data(database, encoders, days=DAYS, now=world.now)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
