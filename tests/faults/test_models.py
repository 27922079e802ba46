"""A trainer killed while it saves, and a champion that was damaged afterwards, with a real training around them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.domain import Phase
from shared.neucf.artefact import WEIGHTS
from shared.ranked_lists import keys
from tests.faults.kill_savers import kill_savers
from tests.faults.scenario import ROOT, Scenario
from tests.flow.camps import CAMPS, Camps, build_camps, people_of

pytestmark = pytest.mark.faults
MOMENTS = 20


def test_a_trainer_killed_while_saving_leaves_whole_models(scenario: Scenario, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    with scenario.deployment.database() as database:
        killed = kill_savers(folder, database, scenario.deployment.database_url, moments=MOMENTS)
    print(f"trainer killed {MOMENTS} times: {killed}")  # noqa: T201 - the table of the note
    assert killed.unfinished > 0


def test_a_training_after_a_killed_one_cleans_up_and_a_damaged_champion_changes_no_list(
    scenario: Scenario, tmp_path: Path
) -> None:
    camps = build_camps(scenario.deployment, tmp_path)
    scenario.deployment.run_heuristic()
    unfinished = tmp_path / "models" / ".model-20261101T030000-1-ab12"
    unfinished.mkdir(parents=True)
    (unfinished / WEIGHTS).write_bytes(b"half")
    assert camps.train()["promoted"]
    assert not unfinished.exists()
    assert camps.score()["lists"] > 0
    before = _lists(camps)
    (weights,) = (tmp_path / "models").rglob(WEIGHTS)
    changed = bytearray(weights.read_bytes())
    changed[len(changed) // 2] ^= 1
    weights.write_bytes(changed)
    ended = _score_once(scenario, tmp_path)
    print(f"damaged champion: exit code {ended.returncode}, {ended.stderr.splitlines()[-1]}")  # noqa: T201
    assert ended.returncode == 1
    assert "weights.safetensors: got SHA-256" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert _lists(camps) == before


def _lists(camps: Camps) -> list[object]:
    with camps.deployment.redis() as redis:
        return [redis.get(keys.ranked_list(Phase.NEUCF, person)) for camp in CAMPS for person in people_of(camp)]


def _score_once(scenario: Scenario, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "WARMLINE_DATABASE_URL": scenario.deployment.database_url, "WARMLINE_REDIS_URL": scenario.deployment.redis_url,
        "WARMLINE_MODEL_DIR": str(folder / "models"), "WARMLINE_MEDIA_ROOT": str(folder),
        "WARMLINE_TEXT_ENCODER": OFFLINE_ENGLISH, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "s02_recsys_neucf", "--once"]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
