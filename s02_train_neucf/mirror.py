"""Mirrors a training run to MLflow, for viewing only: versions are in PostgreSQL, and nothing reads the mirror.

MLflow runs in a process of its own (`mlflow_writer`), so that a server that hangs can be abandoned, and MLflow's many
dependencies stay out of the trainer. A failure there costs one line in the log, never the run.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from s02_train_neucf.learning.curves import LearningCurves
from s02_train_neucf.settings import MirrorSettings
from shared.db.engine import Database
from shared.db.models import ModelVersion, list_models
from shared.errors import ArtefactError
from shared.logs import log_trouble, stage
from shared.neucf.model_files import parse_manifest, read_manifest_bytes
from shared.settings import PREFIX

WRITE_SECONDS = 60.0  # for everything: weights, plots and figures
REQUEST_SECONDS = 5  # of one request without an answer
OUT_OF_THE_MANIFEST = ("metrics", "numbering")  # metrics are in the report; the numbering is a tag
MAX_REASON = 300  # characters
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredTraining:
    """What is mirrored in addition to the version's record in PostgreSQL."""

    version: int
    model_dir: Path
    began: datetime
    curves: LearningCurves
    settings: Mapping[str, Any]  # that the run used, by group; no secrets


def mirror_training(database: Database, settings: MirrorSettings, trained: MirroredTraining) -> bool:
    """Write a version's run to MLflow, and bring the aliases and files of earlier ones up to date there.

    Returns False, after a line in the log, if that failed.
    """
    if settings.mlflow_uri is None:
        return False
    uri = settings.mlflow_uri.get_secret_value()
    models = list_models(database, limit=settings.mlflow_runs)
    with stage("train.mirror") as facts:
        try:
            reason = _write(json.dumps({**message_of(models, trained), "uri": uri, "keep_runs": settings.mlflow_runs}))
        except ArtefactError as error:  # somebody changed the model's folder since it was written
            reason = str(error)
        facts.update(model=trained.version, written=reason is None)
    if reason is not None:
        log_trouble(
            "train.not_mirrored",
            model=trained.version,
            mlflow=_without_credentials(uri),
            reason=reason.replace(uri, "…"),
        )
    return reason is None


def message_of(models: list[ModelVersion], trained: MirroredTraining) -> dict[str, Any]:
    """The writer's input, as JSON values."""
    model = next(version for version in models if version.version == trained.version)
    folder = trained.model_dir / model.folder
    manifest = parse_manifest(read_manifest_bytes(folder))
    kept = {name: value for name, value in manifest.items() if name not in OUT_OF_THE_MANIFEST}
    return {
        "installation": manifest.get("numbering", ""),
        "version": model.version,
        "folder": str(folder.resolve()),
        "began": _milliseconds(trained.began),
        "ended": _milliseconds(datetime.now(UTC)),
        "params": flat({**kept, **trained.settings}),
        "losses": trained.curves.losses,
        "validations": trained.curves.validations,
        "report": model.report,
        "versions": [
            {
                "version": version.version,
                "alias": version.alias or "",
                "state": version.state,
                "verdict": version.verdict,
                "has_files": (trained.model_dir / version.folder).is_dir(),
            }
            for version in models
        ],
    }


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested values as text under dotted names, as MLflow's parameters are."""
    flattened: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flattened |= flat(value, f"{prefix}{name}.")
        else:
            flattened[f"{prefix}{name}"] = "" if value is None else str(value)
    return flattened


def _write(message: str) -> str | None:
    """Run the writer; returns None if it succeeded, else its error."""
    command = [sys.executable, "-m", "s02_train_neucf.mlflow_writer"]
    try:
        done = subprocess.run(
            command,
            input=message,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=WRITE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done in {WRITE_SECONDS:.0f} s"
    except OSError as error:
        return f"the writer could not be started ({error.strerror})"
    if done.returncode == 0:
        return None
    if done.returncode == -signal.SIGALRM:
        return "no answer"
    lines = done.stderr.strip().splitlines()
    return lines[-1][:MAX_REASON] if lines else f"the writer ended with {done.returncode}"


def _environment() -> dict[str, str]:
    """No telemetry, no retries, none of our secrets, and Python finds this package from any folder."""
    here = os.pathsep.join(part for part in (str(_ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return {
        **{name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)},
        "PYTHONPATH": here,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(REQUEST_SECONDS),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_CONFIGURE_LOGGING": "false",
        "GIT_PYTHON_REFRESH": "quiet",
        "OMP_NUM_THREADS": "1",
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _without_credentials(uri: str) -> str:
    """The address without user name and password."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
