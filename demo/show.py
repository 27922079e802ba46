"""What the demo prints: what was done, where everything is, and three timelines. The only place with a layout."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.checks import Outcome
from demo.client import Page


def show_done(console: Console, done: Mapping[str, tuple[str, float]]) -> None:
    """Step, what came of it, and its seconds."""
    table = Table(box=None, pad_edge=False)
    table.add_column("step", style="bold")
    table.add_column("what was done")
    table.add_column("seconds", justify="right")
    for step, (result, seconds) in done.items():
        table.add_row(step, Text(result), f"{seconds:.1f}")
    console.print(table)


def show_timeline(console: Console, title: str, user_id: str, page: Page, captions: Mapping[str, str]) -> None:
    """A user's first posts with score, reason and caption."""
    heading = f"\n{title} ({user_id}), from the source “{page.source}”"
    console.print(Text(heading, style="bold"), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("score", justify="right")
    table.add_column("reason")
    table.add_column("caption (title and genres of a film; its author is made up)")
    for place, entry in enumerate(page.posts, start=1):
        table.add_row(str(place), f"{entry.score:.3f}", entry.reason, Text(captions.get(entry.post_id, "")))
    console.print(table)


def show_addresses(console: Console, addresses: Mapping[str, str]) -> None:
    """Name and address; none of them holds a secret."""
    console.print()
    for name, address in addresses.items():  # no table: an address that is broken over two lines cannot be copied
        console.print(Text.assemble((f"{name:<16}", "bold"), address), soft_wrap=True)


def show_outcome(console: Console, outcome: Outcome) -> None:
    """One line per check."""
    word = Text("ok    ", style="green") if outcome.good else Text("FAILED", style="bold red")
    console.print(Text.assemble(word, " ", outcome.name, (f"  ({outcome.detail})", "dim")), soft_wrap=True)
