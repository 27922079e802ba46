"""Shows what an import did."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

from shared.db.imports import Merged
from warmline.bad_rows import KEPT, BadRows
from warmline.screen import console, show_json, warn


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file's rows."""

    relation: str
    file: str
    good: int
    bad: int
    merged: Merged

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what became of them, under the words that the reader sees; they add up to `rows`."""
        new, changed, erased = self.merged.new, self.merged.changed, self.merged.erased
        return {
            "rows": self.good + self.bad,
            "new": new,
            "changed": changed,
            "unchanged": self.good - new - changed - erased,
            "erased": erased,
            "bad": self.bad,
        }


def show_report(files: Sequence[FileReport], bad: BadRows, *, seconds: float, as_json: bool) -> None:
    """The counts on standard output; the bad rows on standard error, or within the JSON."""
    if as_json:
        show_json(
            {
                "files": {each.relation: {"file": each.file, **each.counts} for each in files},
                "users_made_known": sum(each.merged.made_known for each in files),
                "bad": dict(bad.reasons.most_common()),
                "first_bad": [asdict(each) for each in bad.examples],
                "seconds": round(seconds, 3),
            }
        )
        return
    table = Table(caption=f"{seconds:.1f} s", caption_justify="left")
    table.add_column("file")
    for name in files[0].counts:
        table.add_column(name, justify="right")
    for each in files:
        table.add_row(each.file, *(f"{count:,}" for count in each.counts.values()))
    console().print(table)
    made_known = sum(each.merged.made_known for each in files)
    if made_known:
        console().print(f"{made_known:,} users who were not there are known by their posts and events now")
    _show_bad(bad)


def _show_bad(bad: BadRows) -> None:
    if not bad.count:
        return
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in bad.reasons.most_common())
    warn(f"{bad.count:,} rows were left out: {reasons}")
    for each in bad.examples:
        warn(f"  {each.file}:{each.line}: {each.reason}: {each.detail}")
    if bad.count > KEPT:
        warn(f"  … and {bad.count - KEPT:,} more; --report PATH writes them all")
