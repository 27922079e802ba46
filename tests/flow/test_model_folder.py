"""Two installations in one model folder: the second neither trains nor scores there, and deletes nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from s01_heuristic.__main__ import main as rank
from s02_recsys_neucf.__main__ import main as score
from s02_train_neucf.__main__ import main as train
from s02_train_neucf.save import drop_old_folders, drop_unfinished
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.db import models as models_on_record
from shared.db.models import list_models, promote_model, register_model
from shared.db.phases import installation_id
from shared.db.runs import for_run, request_run
from shared.errors import LeaseLost
from shared.neucf.artefact import Artefact, save_artefact
from shared.neucf.model_folder import read_owner, write_owner
from tests.faults.saving import an_artefact, make_champion
from tests.flow.deployment import Deployment
from tests.stores import claimed_run
from warmline.__main__ import main as warmline


@pytest.fixture
def models(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the settings of all jobs name."""
    folder = tmp_path / "models"
    monkeypatch.chdir(tmp_path)  # where no .env lies
    for name, value in {
        "DATABASE_URL": deployment.database_url, "REDIS_URL": deployment.redis_url, "MODEL_DIR": str(folder),
        "TEXT_ENCODER": OFFLINE_ENGLISH, "MLFLOW_URI": "off", "COLD_MIN_POSITIVES": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"WARMLINE_{name}", value)
    return folder


def save(folder: Path, name: str, *, trained_by: str) -> str:
    """A small model's folder; returns the hash of its weights."""
    made = an_artefact(users=3)
    made = Artefact(made.model, made.users, made.posts, replace(made.manifest, numbering=trained_by))
    return save_artefact(folder / name, made).weights_sha256


def test_only_this_installations_old_models_are_deleted(deployment: Deployment, tmp_path: Path) -> None:
    with deployment.database() as database:
        here, run = installation_id(database), request_run(database, "train", by="test")
        for name in ("model-1", "model-2", "model-3"):
            sha256 = save(tmp_path, name, trained_by="")  # as earlier versions did
            register_model(database, run_id=run, folder=name, sha256=sha256, accepted=True, verdict="", report={})
        save(tmp_path, "model-killed", trained_by=here)  # saved, and never put on record
        save(tmp_path, "model-theirs", trained_by="another")
        (tmp_path / "model-notes").mkdir()
        drop_old_folders(database, tmp_path, newest=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model-3", "model-notes", "model-theirs"]


def test_records_of_models_end_long_after_their_folders_but_those_of_aliases(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models_on_record, "RECORDS_KEPT", 3)
    with deployment.database() as database:
        run = request_run(database, "train", by="test")
        versions = [
            register_model(database, run_id=run, folder=f"model-{n}", sha256="", accepted=True, verdict="", report={})
            for n in range(6)
        ]
        promote_model(database, versions[0], by="test")
        drop_old_folders(database, tmp_path, newest=2)
        kept = [model.version for model in list_models(database)]
        assert kept == [versions[5], versions[4], versions[3], versions[0]]
        drop_old_folders(database, tmp_path, newest=5)  # as many as folders
        assert [model.version for model in list_models(database)] == kept


def test_a_trainer_whose_run_was_taken_over_drops_no_folder(deployment: Deployment, tmp_path: Path) -> None:
    with deployment.database() as database:
        late = for_run(database, claimed_run(database, "train", worker="late"))
        deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '3 s' WHERE state = 'running'")
        claimed_run(database, "train", worker="other")
        save(tmp_path, "model-of-nobody", trained_by=installation_id(database))
        (tmp_path / ".model-of-the-other").mkdir()
        with pytest.raises(LeaseLost):
            drop_unfinished(late, tmp_path)
        with pytest.raises(LeaseLost):
            drop_old_folders(late, tmp_path, newest=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".model-of-the-other", "model-of-nobody"]


@pytest.mark.parametrize("job", [train, score], ids=["train", "score"])
def test_a_job_in_a_folder_of_another_ends_in_one_line(
    job: Callable[[list[str]], int], deployment: Deployment, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_champion(deployment, models)
    write_owner(models, "another")
    assert job(["--once"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"{models}: belongs to another installation (another)")
    assert read_owner(models) == "another"


@pytest.mark.parametrize("job", [rank, score], ids=["heuristic", "score"])
def test_a_job_whose_redis_is_anothers_ends_in_one_line(
    job: Callable[[list[str]], int], deployment: Deployment, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_champion(deployment, models)
    with deployment.redis() as redis:
        redis.set("wl:installation", "another")
        assert job(["--once"]) == 1
        assert list(redis.scan_iter("*")) == [b"wl:installation"]
    assert "belongs to another installation (another)" in capsys.readouterr().err.splitlines()[-1]


def test_after_a_renewal_the_champion_goes_on_being_served(ranked_deployment: Deployment, models: Path) -> None:
    make_champion(ranked_deployment, models)
    with ranked_deployment.database() as database:
        write_owner(models, installation_id(database))
    assert warmline(["installation", "renew", "--yes"]) == 0
    assert rank(["--once"]) == 0
    assert score(["--once"]) == 0
    with ranked_deployment.redis() as redis:
        assert redis.exists("wl:published:neucf", "wl:published:heuristic") == 2
