"""Reports the result of an import."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

from shared.db.imports import MergedRows
from warmline.commands.import_data.bad_rows import KEPT, BadRows
from warmline.commands.import_data.repeated_ids import KEPT as KEPT_OF_REPEATED
from warmline.commands.import_data.repeated_ids import RepeatedIds
from warmline.screen import cells, console, fits, number_of, say, show_json, show_sections, warn


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """The result for one file's rows."""

    relation: str
    file: str
    good: int
    bad: int
    merged: MergedRows
    repeated: RepeatedIds

    @property
    def counts(self) -> dict[str, int]:
        """Rows by result, under the names that the operator sees; they add up to `rows`."""
        new, changed, erased = self.merged.new, self.merged.changed, self.merged.erased
        return {
            "rows": self.good + self.bad,
            "new": new,
            "changed": changed,
            "unchanged": self.good - new - changed - erased,
            "erased": erased,
            "bad": self.bad,
        }


def show_report(
    files: Sequence[FileReport], bad: BadRows, notes: Sequence[str], *, seconds: float, as_json: bool
) -> None:
    """Print counts on standard output; problems and notes on standard error, or all as one JSON object."""
    if as_json:
        show_json(
            {
                "files": {each.relation: {"file": each.file, **each.counts} for each in files},
                "same_id": {
                    each.relation: {"ids": each.repeated.count, "lines": each.repeated.lines}
                    for each in files
                    if each.repeated.count
                },
                "notes": list(notes),
                "users_made_known": sum(each.merged.made_known for each in files),
                "bad": dict(bad.reasons.most_common()),
                "first_bad": [asdict(each) for each in bad.examples],
                "seconds": round(seconds, 3),
            }
        )
        return
    _show_counts(files)
    say(f"{seconds:.1f} s")
    made_known = sum(each.merged.made_known for each in files)
    if made_known:
        are = "user who was not there is" if made_known == 1 else "users who were not there are"
        say(f"{made_known:,} {are} known by posts and events now")
    for note in notes:
        warn(note)
    for each in files:
        _show_repeated(each)
    _show_bad(bad)


def _show_counts(files: Sequence[FileReport]) -> None:
    """A table if the terminal is wide enough for it, else a paragraph for each file."""
    table, screen = Table(), console()
    table.add_column("file")
    for name in files[0].counts:
        table.add_column(name, justify="right")
    for each in files:
        table.add_row(*cells(each.file, *(f"{count:,}" for count in each.counts.values())))
    if fits(table, screen):
        screen.print(table)
        return
    show_sections(
        (each.file, [", ".join(f"{name} {count:,}" for name, count in each.counts.items())]) for each in files
    )


def _show_repeated(report: FileReport) -> None:
    repeated = report.repeated
    if not repeated.count:
        return
    kept = KEPT_OF_REPEATED[report.relation]
    warn(
        f"{repeated.count:,} ids stand in several rows of {report.file} with other content; the {kept} row of each was"
        " kept. Leave one row for each id:"
    )
    for earlier, later in repeated.lines:
        warn(f"  {report.file}:{later}: the id of line {earlier} again, with other content")


def _show_bad(bad: BadRows) -> None:
    if not bad.count:
        return
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in bad.reasons.most_common())
    warn(f"{number_of(bad.count, 'row')} {'was' if bad.count == 1 else 'were'} left out: {reasons}")
    for each in bad.examples:
        warn(f"  {each.file}:{each.line}: {each.reason}: {each.detail}")
    if bad.count > KEPT:
        warn(f"  … and {bad.count - KEPT:,} more; --report PATH writes them all")
