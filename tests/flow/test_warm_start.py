"""A night that starts from the champion, on real servers: rows by id, nobody who was erased, no leak."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shared.db.erasure import erase_user
from shared.db.models import list_models
from shared.neucf.artefact import Artefact, load_artefact, read_manifest
from tests.flow.camps import PEOPLE, Camps, build_camps
from tests.flow.deployment import Deployment

ERASED, OTHER = "cat-lover-03", "cat-lover-04"


def artefact_of(camps: Camps, version: int) -> Artefact:
    with camps.deployment.database() as database:
        (found,) = [model for model in list_models(database) if model.version == version]
    folder = camps.folder / "models" / found.folder
    manifest = read_manifest(folder)
    return load_artefact(
        folder, image=manifest.image_encoder, caption=manifest.caption_encoder, device=torch.device("cpu")
    )


def report_of(camps: Camps, version: int) -> Mapping[str, Any]:
    with camps.deployment.database() as database:
        (found,) = [model for model in list_models(database) if model.version == version]
    return found.report


def id_hash_of(camps: Camps, user_id: str) -> int:
    ((key,),) = camps.deployment.sql("""SELECT hashtextextended(%s::text COLLATE "C", 0)""", [(user_id,)])
    return int(key)


def test_a_night_starts_from_the_champion_without_those_who_were_erased_since(
    deployment: Deployment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="warmline")
    camps = build_camps(deployment, tmp_path / "photos")
    first = camps.train(warm_start=True)
    assert "train.cold_start" in caplog.text
    assert first["promoted"], first["verdict"]
    with deployment.database() as database:
        erase_user(database, ERASED)
    caplog.clear()

    second = camps.train(warm_start=True)["model"]
    assert (
        f'before="model {first["model"]}" members=1 users_kept={2 * PEOPLE - 1} users={2 * PEOPLE - 1}' in caplog.text
    )
    warm = artefact_of(camps, second)
    assert warm.manifest.recipe["started_from"] == f"model {first['model']}"
    assert id_hash_of(camps, OTHER) in warm.users.id_hashes
    assert id_hash_of(camps, ERASED) not in warm.users.id_hashes
    assert id_hash_of(camps, ERASED) in artefact_of(camps, first["model"]).users.id_hashes
    erased_row = artefact_of(camps, first["model"]).users.model_rows(np.array([id_hash_of(camps, ERASED)]))[0]
    erased = artefact_of(camps, first["model"]).model.user_table.weight[erased_row]
    nearest = torch.cosine_similarity(warm.model.user_table.weight, erased[None, :]).max()
    assert nearest < 0.99  # nobody has inherited their row

    # The champion has seen what the replay asks for; without it the replay comes out the same.
    deployment.sql("DELETE FROM warmline.model_aliases")
    without = camps.train(warm_start=True)["model"]
    assert report_of(camps, without)["replay"]["systems"] == report_of(camps, second)["replay"]["systems"]
    assert not torch.equal(artefact_of(camps, without).model.user_table.weight, warm.model.user_table.weight)
