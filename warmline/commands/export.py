"""`warmline export`: all that is held about one person, as JSON."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import IO

import msgspec

from shared.db.user_data import note_export
from shared.domain import ID_RULE, is_usable_id
from shared.errors import ConfigurationError
from shared.operations.user_export import ExportStores, export_user
from shared.ranked_lists.clients import JOB_TIMEOUT
from shared.settings import ModelSettings, load_settings
from warmline.operator_name import operator_name
from warmline.screen import progress_bar, warn
from warmline.stores import open_stores

STATEMENT_SECONDS = 60.0


def run_export(user_id: str, *, output: Path | None, by: str | None) -> int:
    """Write a person's data; returns 1 if a part of them could not be read."""
    if not is_usable_id(user_id):
        raise ConfigurationError(f"--user: got {user_id[:40]!r}, expected an id of {ID_RULE}")
    model_dir = load_settings(ModelSettings).model_dir
    with open_stores(statement_seconds=STATEMENT_SECONDS) as opened:
        stores = ExportStores(
            database=opened.database, redis_url=opened.redis_url, redis_timeout=JOB_TIMEOUT, model_dir=model_dir
        )
        with closing(export_user(stores, user_id, now=datetime.now(UTC))) as pieces:
            first = next(pieces)  # whatever refuses the export does it here, before a file is made
            with _opened(output) as file:
                note_export(opened.database, by=by or operator_name())
                for piece in chain([first], pieces):
                    file.write(piece)
    return _warned(msgspec.json.decode(first + b"}")["missing"])


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer  # JSON is UTF-8, whatever the terminal's encoding
        sys.stdout.buffer.flush()
        return
    with _whole_file(output) as file, progress_bar("export") as progress:
        progress.add_task("", total=None)
        yield file


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that nobody else may read, and that stands under its name only when it is whole."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise ConfigurationError(f"--output: {path} cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _warned(missing: list[str]) -> int:
    reasons = {
        "redis": "Redis does not answer, or is another installation's: what it holds is missing; repeat it later",
        "models": "the model folder cannot be read here: whether a model has a row is missing; see WARMLINE_MODEL_DIR",
    }
    warn(*(reasons[part] for part in missing))
    return 1 if missing else 0
