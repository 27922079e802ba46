"""`python -m benchmarks.memory`: bytes in Redis after one publication, and after many with chains; a table and JSON."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.memory.fill import Size, publish, scroll
from benchmarks.memory.measure import CATALOGUE, KINDS, Held, measure
from benchmarks.provenance import provenance
from demo.embedded import embedded_servers
from shared.errors import WarmlineError
from shared.progress import bars
from shared.ranked_lists.publish import ListWriter
from shared.settings import ListSettings

LOG_WIDTH = 120  # columns, where there is no terminal to ask
Row = dict[str, str | float]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    size = Size(users=given.users, publications=given.publications, chains=given.chains)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="warmline-memory-") as home,
            embedded_servers(Path(home), durable=False, postgres=False) as servers,
        ):
            before, after = fill_and_measure(servers.redis_url, size)
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.memory: {error}"), soft_wrap=True)
        return error.exit_code
    rows = rows_of(before, after, size)
    console.print(_table(before, after, rows, size))
    console.print(", ".join(f"{name} {value}" for name, value in provenance().items()), markup=False)
    if given.json is not None:
        given.json.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return 0


def fill_and_measure(url: str, size: Size) -> tuple[Held, Held]:
    """What an empty Redis holds after the first publication, and after all of them with the chains between."""
    lists = ListSettings()
    writer = ListWriter(url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    try:
        publish(writer, lists, size, 1)
        before = measure(url)
        with bars() as tell:
            for run in range(2, size.publications + 1):
                publish(writer, lists, size, run)
                asyncio.run(scroll(url, lists, size, chains=_share(size, run), seed=run))
                tell("publications", run, size.publications)
        return before, measure(url)
    finally:
        writer.close()


def rows_of(before: Held, after: Held, size: Size) -> list[Row]:
    """One row a kind of key, then the sums; a ratio is after ÷ before."""
    kinds = [kind for kind in dict.fromkeys(KINDS.values()) if after.count[kind]]
    rows = [_row(kind, "bytes per key", before.per_key(kind), after.per_key(kind)) for kind in kinds]
    per_post = [each.size[CATALOGUE] / each.posts for each in (before, after)]
    return [
        *rows,
        _row(CATALOGUE, "bytes per post", *per_post),
        _row("all keys", "bytes per user", before.total / size.users, after.total / size.users),
        _row("all keys", "bytes", before.total, after.total),
        _row("all keys", "bytes used by Redis", before.used, after.used),
    ]


def _row(system: str, metric: str, before: float, after: float) -> Row:
    # JSON knows no infinity: what was not there before has no ratio, and 0 says so.
    ratio = round(after / before, 3) if before else 0.0
    return {"system": system, "metric": metric, "value": round(after, 1), "unit": "bytes", "ratio": ratio}


def _share(size: Size, run: int) -> int:
    """Chains after this publication: all of them spread over the publications after the first."""
    steps = size.publications - 1
    return size.chains * (run - 1) // steps - size.chains * (run - 2) // steps


def _table(before: Held, after: Held, rows: list[Row], size: Size) -> Table:
    table = Table(title=f"{size.users:,} users, {size.publications} publications, {size.chains:,} chains")
    for name in ("what", "measure", "keys before", "keys after", "after", "after ÷ before"):
        table.add_column(name, justify="left" if name in ("what", "measure") else "right")
    for row in rows:
        kind = str(row["system"])
        counts = [f"{each.count[kind]:,}" if each.count[kind] else "" for each in (before, after)]
        ratio = f"{row['ratio']:.3f}" if row["ratio"] else "–"
        table.add_row(kind, str(row["metric"]), *counts, f"{row['value']:,.0f}", ratio)
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    parser.add_argument("--users", type=_count, default=10_000, help="users with a list of both phases (10,000)")
    parser.add_argument("--publications", type=_several, default=50, help="publications, 2 or more (50)")
    parser.add_argument("--chains", type=_count, default=10_000, help="chains by users by lot (10,000)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write one row of JSON a line")
    return parser


def _count(text: str) -> int:
    return _at_least(text, 1)


def _several(text: str) -> int:
    return _at_least(text, 2)


def _at_least(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"got {text}, expected a whole number from {least} on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
