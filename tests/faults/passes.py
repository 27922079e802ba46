"""Passes of the jobs of phase 2 as processes that are killed, stopped and doubled, and what must hold after each."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import torch

from shared.domain import Phase
from shared.neucf.artefact import load_artefact, read_manifest
from shared.ranked_lists import codec, keys
from tests.flow.camps import CAMPS, Camps, people_of

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
PEOPLE = [person for camp in CAMPS for person in people_of(camp)]
REFUSED = 1  # exit code of a pass that could not do its work


class Passes:
    """A process that makes passes, one at a time."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process, self._log = process, log

    @classmethod
    @contextmanager
    def of(cls, camps: Camps, log: Path) -> Iterator[Self]:
        """Start it; its log lines go to a file."""
        command = [
            sys.executable, "-m", "tests.faults.once", str(camps.folder), camps.deployment.database_url,
            camps.deployment.redis_url,
        ]  # fmt: skip
        with (
            log.open("w") as file,
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True
            ) as process,
        ):
            try:
                yield cls(process, log)
            finally:
                assert process.stdin is not None
                process.stdin.close()

    def begin(self, job: str) -> int:
        """Begin a pass; returns its process."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{job}\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> int:
        """Wait for the end of a pass; returns how it ended."""
        return self._read()

    def said(self) -> str:
        """All log lines so far."""
        return self._log.read_text()

    def _read(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def give_up_runs(camps: Camps) -> None:
    """The leases of killed or stopped passes run out, as a minute later."""
    camps.deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '3 s' WHERE state = 'running'")


def kill(process: int) -> None:
    with suppress(ProcessLookupError):  # it was quicker
        os.kill(process, signal.SIGKILL)


def check(camps: Camps) -> None:
    """Models are whole or not there, the champion is one that the gate accepted, and lists are whole."""
    models = camps.folder / "models"
    for path in models.glob("model-*"):
        load_whole(path)
    promoted = camps.deployment.sql(
        "SELECT folder, sha256, state FROM warmline.model_versions JOIN warmline.model_aliases USING (version)"
    )
    for folder, sha256, accepted in promoted:
        assert accepted == "accepted"
        load_whole(models / folder, sha256=sha256)
    with camps.deployment.redis() as redis:
        values = redis.mget([keys.ranked_list(Phase.NEUCF, person) for person in PEOPLE])
    lists = [codec.post_numbers_of(codec.decode(value).entries) for value in values if value is not None]
    assert all(len(rows) == len(set(rows)) > 0 for rows in lists)
    assert len(lists) in (0, len(PEOPLE)) or not promoted, "a publication took lists away"


def load_whole(folder: Path, *, sha256: str | None = None) -> None:
    """Read a model as the scorer does."""
    made = read_manifest(folder)
    load_artefact(folder, image=made.image_encoder, caption=made.caption_encoder, device=CPU, sha256=sha256)


def check_clean(camps: Camps) -> None:
    """Nothing is left of what was killed."""
    models = camps.folder / "models"
    assert [path.name for path in models.glob(".*")] == []
    on_record = {folder for (folder,) in camps.deployment.sql("SELECT folder FROM warmline.model_versions")}
    assert {path.name for path in models.glob("model-*")} <= on_record
