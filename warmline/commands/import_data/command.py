"""`warmline import`: reads and checks the files of a folder, merges their rows, and reports on every row."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rich.progress import Progress, TaskID

from shared.db.engine import ALSO_OWN, Database
from shared.db.imports import BATCH_ROWS, MergedRows, Row, analyze, merge_rows
from shared.errors import ImportRefused
from warmline.commands.import_data.bad_rows import BadRows
from warmline.commands.import_data.columns import COLUMNS, UNTOLD
from warmline.commands.import_data.memory_limit import memory_limit
from warmline.commands.import_data.repeated_ids import RowsById
from warmline.commands.import_data.report import FileReport, show_report
from warmline.commands.import_data.row_checks import CHECKS, BadRow
from warmline.commands.import_data.row_file import RowFile
from warmline.commands.import_data.row_files import find_files, open_files, unread_files
from warmline.screen import progress_bar, warn
from warmline.stores import open_stores

REFUSED = 2  # exit code for a folder that cannot be imported at all
SOME_BAD = 1


def run_import(folder: Path, *, delimiter: str, report: Path | None, as_json: bool) -> int:
    """Import a folder; returns 0 if every row was good, 1 if some were not, 2 if the folder is refused."""
    begun = time.monotonic()
    try:
        with open_stores() as stores, BadRows(report) as bad, memory_limit():
            refuse_views(stores.database, folder)
            files = open_files(folder, delimiter=delimiter)
            notes = [*unread_files(folder), *(note for file in files for note in _notes(file))]
            done = import_files(stores.database, files, bad)
    except ImportRefused as error:
        warn(*error.lines)
        return REFUSED
    show_report(done, bad, notes, seconds=time.monotonic() - begun, as_json=as_json)
    return SOME_BAD if bad.count or any(each.repeated.count for each in done) else 0


def _notes(file: RowFile) -> list[str]:
    """Notes on what may be a mistake, but is no reason to stop."""
    name, columns = file.path.name, file.columns
    notes = []
    if told := columns.absent - UNTOLD:
        absent = ", ".join(column for column in COLUMNS[file.relation] if column in told)
        notes.append(f"{name} has no column {absent}: new rows have none, rows that are there keep theirs")
    if columns.unread:
        notes.append(f"{name}: not read are the columns {', '.join(columns.unread)[:200]}")
    return notes


def refuse_views(database: Database, folder: Path) -> None:
    """Refuse users and posts if the team has views: these are their only source; events and blocks may be imported.

    Raises:
        ImportRefused: the folder has users or posts.
    """
    source = database.source
    ours = [relation for relation in find_files(folder) if relation not in ALSO_OWN]
    if source is not None and ours:
        raise ImportRefused(
            f"{folder}: {' and '.join(ours)} come from your views in {source.schema}"
            " (WARMLINE_SOURCE_SCHEMA), so these files are not imported; remove them, or unset that variable"
        )


def import_files(database: Database, files: list[RowFile], bad: BadRows) -> list[FileReport]:
    """Import opened files one after the other, and close them all."""
    try:
        with progress_bar("Importing") as progress:
            tasks = [progress.add_task(file.path.name, start=False, total=None) for file in files]
            return [_import_file(database, file, bad, progress, task) for file, task in zip(files, tasks, strict=True)]
    finally:
        for file in files:
            file.close()


def _import_file(database: Database, file: RowFile, bad: BadRows, progress: Progress, task: TaskID) -> FileReport:
    progress.start_task(task)
    good, bad_before, merged = 0, bad.count, MergedRows()
    by_id = RowsById(file.relation)
    rows = _good_rows(file, bad, by_id)
    while batch := list(islice(rows, BATCH_ROWS)):
        merged += merge_rows(database, file.relation, batch, absent=file.columns.absent)
        good += len(batch)
        read = file.progress()
        progress.update(task, completed=read.done, total=read.total)
    if merged.new:
        analyze(database, file.relation)
    left_out = bad.count - bad_before
    return FileReport(
        relation=file.relation, file=file.path.name, good=good, bad=left_out, merged=merged, repeated=by_id.repeated()
    )


def _good_rows(file: RowFile, bad: BadRows, by_id: RowsById) -> Iterator[Row]:
    check = CHECKS[file.relation]
    for raw in file.rows():
        try:
            if isinstance(raw.values, BadRow):
                raise raw.values
            row = check(raw.values)
        except BadRow as reason:
            bad.add(file.path.name, raw.line, reason)
            continue
        by_id.add(raw.line, row)
        yield row
