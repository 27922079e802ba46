"""Kills processes that save models (`tests.faults.saving`), and looks at what is left."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from s02_train_neucf.save import drop_old_folders, drop_unfinished
from shared.db.engine import Database
from shared.db.models import list_models
from shared.db.runs import request_run
from shared.neucf.artefact import load_artefact
from tests.flow.deployment import eventually

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What a number of kills came to."""

    whole: int  # models that were on record
    unfinished: int  # kills that left a folder unfinished


def kill_savers(folder: Path, database: Database, database_url: str, *, moments: int) -> Killed:
    """Kill savers at random moments; after each kill every model on record is whole, and no reader meets half of one.

    What the next training does about the rest is done, too.
    """
    rng, whole, unfinished = random.Random(6), 0, 0
    run = request_run(database, "train", by="test")
    command = [sys.executable, "-m", "tests.faults.saving", str(folder), database_url, str(run)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(moments):
            parent.stdin.write("save\n")
            parent.stdin.flush()
            child = int(parent.stdout.readline())
            eventually(lambda: bool(list_models(database, limit=1)), "the first child has saved a model")
            time.sleep(rng.uniform(0.01, 0.15))
            os.kill(child, signal.SIGKILL)
            assert parent.stdout.readline() == f"{-signal.SIGKILL}\n"  # it saved until then
            unfinished += any(folder.glob(".model-*"))
            whole += _check(folder, database)
            drop_unfinished(database, folder)
            drop_old_folders(database, folder, newest=2)
            assert not any(folder.glob(".*"))
            assert len(list(folder.iterdir())) <= 2
        parent.stdin.close()
    return Killed(whole=whole, unfinished=unfinished)


def _check(folder: Path, database: Database) -> int:
    """Every folder is a whole model, and the newest on record is among them; returns how many are there."""
    found = {path.name: load_artefact(path, image=None, caption=None, device=CPU) for path in folder.glob("model-*")}
    newest = list_models(database, limit=1)
    for model in newest:
        assert found[model.folder].manifest.weights_sha256 == model.sha256
    return len(found)
