"""Promotes a model, or rolls back, on an operator's request: checks the files, sets the alias, then requests the lists.

Used by the timeline's admin endpoints and by the operator's command. The gate's own promotion does not need it, since
training has just written the files.
"""

from dataclasses import dataclass
from pathlib import Path

from shared.db.engine import Database
from shared.db.models import ModelVersion, promote_model, roll_back_model
from shared.db.runs import request_run
from shared.errors import ArtefactError, PromotionRefused
from shared.neucf.model_files import check_model_files, has_model_folder

SCORE_JOB = "score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """The new champion, and the scoring run that will publish its lists."""

    model: ModelVersion
    run: int
    warning: str | None  # why the files could not be checked here; None: they were, and are right


def promote(database: Database, model_dir: Path, version: int, *, by: str, override: bool = False) -> Promotion:
    """Make a version the champion and request its lists.

    Raises:
        PromotionRefused: no such version, rejected by the gate without an override, or incomplete files.
    """
    model = promote_model(
        database, version, by=by, override=override, check=lambda model: refuse_unless_whole(model_dir, model)
    )
    return _promotion(database, model_dir, model, "promotion of")


def roll_back(database: Database, model_dir: Path, *, by: str) -> Promotion:
    """Make the previous champion the champion again and request its lists.

    Raises:
        PromotionRefused: there is no previous champion, or its files are incomplete.
    """
    model = roll_back_model(database, by=by, check=lambda model: refuse_unless_whole(model_dir, model))
    return _promotion(database, model_dir, model, "rollback to")


def refuse_unless_whole(model_dir: Path, model: ModelVersion) -> None:
    """Compare a model's files with its record, if this process can see the model folder.

    Raises:
        PromotionRefused: a file is missing or differs.
    """
    if not has_model_folder(model_dir):
        return
    try:
        check_model_files(model_dir / model.folder, sha256=model.sha256, manifest_sha256=model.manifest_sha256)
    except ArtefactError as error:
        raise PromotionRefused(
            f"model version {model.version} cannot be served, nothing was changed: {error}"
        ) from error


def unchecked_warning(model_dir: Path) -> str | None:
    """The warning if the files of a model cannot be checked here; None if they can."""
    if has_model_folder(model_dir):
        return None
    return (
        f"The model's files were not checked: there is no folder {model_dir.absolute()} here (WARMLINE_MODEL_DIR; is it"
        " mounted?). The scoring run checks them, and keeps the old lists if they are not whole."
    )


def _promotion(database: Database, model_dir: Path, model: ModelVersion, action: str) -> Promotion:
    run = request_run(database, SCORE_JOB, by=f"{action} model {model.version}")
    return Promotion(model=model, run=run, warning=unchecked_warning(model_dir))
