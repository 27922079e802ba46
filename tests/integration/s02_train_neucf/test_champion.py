"""The champion as a model to start from: where it can be used it is, else the log says why not."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from s02_train_neucf.learning.champion import champion_to_start_from
from s02_train_neucf.learning.warm_start import Predecessor
from shared.db.engine import Database
from shared.db.installation import renew_installation
from shared.db.models import promote_model, register_model
from shared.db.phases import installation_id
from shared.db.runs import request_run
from shared.neucf.artefact import WEIGHTS, Artefact, save_artefact
from shared.neucf.manifest import Encoder
from tests.faults.saving import an_artefact

PHOTOS, CAPTIONS = Encoder(name="photos", version="1", width=5), Encoder(name="captions", version="1", width=4)


@pytest.fixture(autouse=True)
def lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="warmline")


def promoted(database: Database, folder: Path, *, numbering: str | None = None) -> None:
    """A small model as champion."""
    made = an_artefact(users=3, image=PHOTOS, caption=CAPTIONS)
    numbering = installation_id(database) if numbering is None else numbering
    made = Artefact(made.model, made.users, made.posts, replace(made.manifest, numbering=numbering))
    saved = save_artefact(folder / "model-1", made)
    run = request_run(database, "train", by="test")
    version = register_model(
        database, run_id=run, folder="model-1", sha256=saved.weights_sha256, accepted=True, verdict="", report={}
    )
    promote_model(database, version, by="test")


def found(database: Database, folder: Path, image: Encoder = PHOTOS) -> Predecessor | None:
    return champion_to_start_from(database, folder, image=image, caption=CAPTIONS)


def test_a_whole_champion_of_this_database_is_taken(database: Database, tmp_path: Path) -> None:
    promoted(database, tmp_path)
    before = found(database, tmp_path)
    assert before is not None
    assert before.users.id_hashes.tolist() == [0, 1, 2]
    assert (before.same_image, before.same_caption) == (True, True)


def test_without_a_champion_the_log_says_so(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert found(database, tmp_path) is None
    assert "no champion yet" in caplog.text


def test_another_encoder_for_photos_costs_their_layer_alone(database: Database, tmp_path: Path) -> None:
    promoted(database, tmp_path)
    before = found(database, tmp_path, replace(PHOTOS, version="2"))
    assert before is not None
    assert (before.same_image, before.same_caption) == (False, True)


def test_a_champion_of_another_database_is_left_alone(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    promoted(database, tmp_path, numbering="another")
    assert found(database, tmp_path) is None
    assert "numbers the users of another database" in caplog.text


def test_a_champion_of_before_a_renewal_is_taken(database: Database, tmp_path: Path) -> None:
    promoted(database, tmp_path)
    renew_installation(database, by="test")
    assert found(database, tmp_path) is not None


def test_a_damaged_champion_does_not_stop_the_night(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    promoted(database, tmp_path)
    weights = tmp_path / "model-1" / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    assert found(database, tmp_path) is None
    assert "train.cold_start" in caplog.text
    assert "copy them again" in caplog.text
