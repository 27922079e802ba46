"""Saves a model, records it, promotes it if it passed, and drops old folders; each step only if the run is still ours.

Folders are written under another name and then renamed, and renamed before they are deleted. So a trainer that was
suspended while another one took over its run changes nothing when it continues.
"""

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from s02_train_neucf.gate.verdict import Verdict
from shared.db.engine import Database
from shared.db.installation import knows_models
from shared.db.models import (
    SavedModel,
    demote_champion_in,
    forget_old_models,
    kept_folders,
    promote_model_in,
    register_model_in,
)
from shared.db.phases import installation_id
from shared.db.runs import Run, extend_lease_in, request_run_in
from shared.errors import LeaseLost
from shared.logs import log_event
from shared.neucf.artefact import Artefact, save_artefact
from shared.neucf.model_folder import stored_models

SCORE_JOB = "score"
UNFINISHED, DROPPED = ".model-", ".dropped-"  # prefixes of folders that readers ignore


def save_model(
    database: Database,
    folder: Path,
    run: Run,
    artefact: Artefact,
    verdict: Verdict,
    *,
    report: Mapping[str, Any],
    demoted: int | None = None,
) -> int:
    """Write the model's folder, put it on record, and promote it if it won; gives its version.

    Args:
        database: as the run may write it (`for_run`).
        folder: of the models.
        run: that trained it.
        artefact: the model.
        verdict: what the gate says.
        report: for its record.
        demoted: the champion, if it is not proven better any more.

    Raises:
        LeaseLost: another run took over; nothing is left of the model.
        ArtefactError: the disk refuses.
    """
    name = f"{UNFINISHED[1:]}{artefact.manifest.trained_at:%Y%m%dT%H%M%S}-{run.fence}"
    folder.mkdir(parents=True, exist_ok=True)
    drop_unfinished(database, folder)  # first, because the disk may be full
    saved = save_artefact(folder / name, artefact, allow_non_finite=not verdict.promote)
    model = SavedModel(
        run_id=run.id,
        folder=name,
        sha256=saved.weights_sha256,
        manifest_sha256=saved.sha256,
        accepted=verdict.promote,
        verdict=verdict.reason,
        report=report,
    )
    try:
        version = put_on_record(database, run, model, demoted=demoted)
    except LeaseLost:
        shutil.rmtree(folder / name, ignore_errors=True)  # no record names it, and no other run writes this name
        raise
    log_event("train.judged", model=version, promoted=verdict.promote, verdict=verdict.reason)
    return version


def put_on_record(database: Database, run: Run, model: SavedModel, *, demoted: int | None = None) -> int:
    """Register a model, promote it if it won, and ask for its lists: all of it while the run is ours, or nothing.

    If it did not win, and the champion is not proven better any more, that one is demoted.

    Raises:
        LeaseLost: another run took over.
    """
    with database.begin() as connection:
        extend_lease_in(connection, run)  # so that a promoted model's run does not fail
        version = register_model_in(connection, model)
        if model.accepted:
            promote_model_in(connection, version, by="the gate")
            request_run_in(connection, SCORE_JOB, by=f"promotion of model {version}")
        elif demoted is not None and demote_champion_in(connection, demoted, by="the gate"):
            request_run_in(connection, SCORE_JOB, by=f"demotion of model {demoted}")
    return version


def drop_unfinished(database: Database, folder: Path) -> None:
    """Remove what killed trainings have left; only one training saves at a time.

    Raises:
        LeaseLost: another run took over, and may be saving.
    """
    with database.begin():
        _set_aside(folder, (path.name for path in folder.glob(f"{UNFINISHED}*")))
    _empty(folder)


def drop_old_folders(database: Database, folder: Path, *, newest: int) -> None:
    """Remove the folders of this installation's models that are neither served nor among the newest; no others.

    The records of much older models are removed as well.

    Raises:
        LeaseLost: another run took over, and decides what is old.
    """
    stored, here = stored_models(folder), installation_id(database)
    own = knows_models(database, stored.hashes)
    # A killed training's, not on record.
    own |= {name for name, trainer in stored.trained_by.items() if trainer == here}
    with database.begin() as connection:  # so that none of them is promoted before it is renamed
        _set_aside(folder, own - kept_folders(connection, newest=newest))
        forget_old_models(connection, newest=newest)
    _empty(folder)


def _set_aside(folder: Path, names: Iterable[str]) -> None:
    for name in sorted(names):
        shutil.rmtree(folder / f"{DROPPED}{name}", ignore_errors=True)
        with suppress(OSError):  # this only costs space; the next training tries again
            (folder / name).rename(folder / f"{DROPPED}{name}")


def _empty(folder: Path) -> None:
    """Delete what this run, or one that was killed, has set aside."""
    for dropped in folder.glob(f"{DROPPED}*"):
        shutil.rmtree(dropped, ignore_errors=True)
