"""A trainer killed while it saves, a model with a byte changed, a full disk: nothing half, nothing lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from s02_recsys_neucf.__main__ import main as score
from s02_train_neucf.save import drop_unfinished
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.domain import Phase
from shared.errors import ArtefactError
from shared.neucf.artefact import WEIGHTS, save_artefact
from shared.ranked_lists import keys
from tests.faults.disks import small_disk
from tests.faults.kill_savers import kill_savers
from tests.faults.saving import an_artefact, make_champion
from tests.flow.deployment import ANN, POSTS, Deployment


def test_a_trainer_killed_while_it_saves_leaves_whole_models_and_nothing_that_lasts(
    deployment: Deployment, tmp_path: Path
) -> None:
    with deployment.database() as database:
        killed = kill_savers(tmp_path, database, deployment.database_url, moments=6)
    assert killed.whole > 0


def test_the_next_training_removes_what_an_unfinished_save_left(deployment: Deployment, tmp_path: Path) -> None:
    unfinished, kept = tmp_path / ".model-20261101T030000-7-ab12", tmp_path / "model-20261101T030000-6"
    for folder in (unfinished, kept):
        folder.mkdir()
        (folder / WEIGHTS).write_bytes(b"weights")
    with deployment.database() as database:
        drop_unfinished(database, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


def test_a_champion_with_one_byte_changed_ends_scoring_with_one_and_lists_stay(
    ranked_deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_champion(ranked_deployment, tmp_path)
    ranked_deployment.publish_neucf(ANN, POSTS[:10])
    before = _list_of_ann(ranked_deployment)
    _change_a_byte(tmp_path / "model-1" / WEIGHTS)
    monkeypatch.chdir(tmp_path)  # where no .env lies
    for name, value in {
        "DATABASE_URL": ranked_deployment.database_url, "REDIS_URL": ranked_deployment.redis_url,
        "MODEL_DIR": str(tmp_path), "TEXT_ENCODER": OFFLINE_ENGLISH,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"WARMLINE_{name}", value)
    assert score(["--once"]) == 1
    assert "weights.safetensors: got SHA-256" in capsys.readouterr().err
    assert _list_of_ann(ranked_deployment) == before
    ((state, error),) = ranked_deployment.sql("SELECT state, error FROM warmline.runs WHERE job = 'score'")
    assert (state, "weights.safetensors: got SHA-256" in error) == ("failed", True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    with small_disk(tmp_path) as place:
        yield place


def test_a_full_disk_fails_a_save_with_a_clear_error_and_keeps_nothing_of_it(disk: Path) -> None:
    save_artefact(disk / "model-1", an_artefact())
    with pytest.raises(ArtefactError, match=r"model-2: cannot be written \(No space left on device\); is there room"):
        save_artefact(disk / "model-2", an_artefact(users=50_000))
    assert [path.name for path in disk.iterdir()] == ["model-1"]
    save_artefact(disk / "model-3", an_artefact())  # the room is free again


def _change_a_byte(path: Path) -> None:
    weights = bytearray(path.read_bytes())
    weights[len(weights) // 2] ^= 1
    path.write_bytes(weights)


def _list_of_ann(deployment: Deployment) -> object:
    with deployment.redis() as redis:
        return redis.get(keys.ranked_list(Phase.NEUCF, ANN))
