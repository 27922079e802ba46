"""Recorded models with files on disk, as far as the operator's commands read them: without loadable weights."""

import hashlib
import json
from pathlib import Path

from shared.db.engine import Database
from shared.db.models import register_model
from shared.db.runs import request_run
from shared.neucf.model_files import FORMAT, MANIFEST, WEIGHTS


def put_on_record(database: Database, model_dir: Path | None, name: str, *, accepted: bool = True) -> int:
    """Record a model with files (none without a folder); returns its version."""
    weights = f"weights of {name}".encode()
    if model_dir is not None:
        folder = model_dir / name
        folder.mkdir(parents=True)
        (folder / WEIGHTS).write_bytes(weights)
        (folder / MANIFEST).write_text(json.dumps({"format": FORMAT}))
    return register_model(
        database,
        run_id=request_run(database, "train", by="test"),
        folder=name,
        sha256=hashlib.sha256(weights).hexdigest(),
        accepted=accepted,
        verdict="better",
        report={},
    )
