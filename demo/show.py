"""What the demo prints: what was done, where everything is, and three timelines. The only place with a layout."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo import database
from demo.checks import Outcome
from demo.client import Client, Page
from demo.world import Cast

SHOWN_POSTS = 6


def show_done(console: Console, done: Mapping[str, tuple[str, float]]) -> None:
    """Step, what came of it, and its seconds."""
    table = Table(title="What was done", title_justify="left", box=None, pad_edge=False)
    table.add_column("step", style="bold")
    table.add_column("")
    table.add_column("seconds", justify="right")
    for step, (result, seconds) in done.items():
        table.add_row(step, Text(result), f"{seconds:.1f}")
    console.print(table)


def show_timelines(console: Console, client: Client, database_url: str, cast: Cast) -> None:
    """The first posts of an active, a cold and an unknown user, with captions."""
    for title, user_id in (
        ("An active user", cast.warm_user),
        ("A cold user, who joined minutes ago", cast.cold_user),
        ("An unknown user", cast.unknown_user),
    ):
        page = client.page(user_id, limit=SHOWN_POSTS)
        captions = database.captions_of(database_url, [entry.post_id for entry in page.posts])
        console.print()
        console.print(_timeline(f"{title} ({user_id}), from the source “{page.source}”", page, captions))


def show_addresses(console: Console, addresses: Mapping[str, str]) -> None:
    """Name and address; none of them holds a secret."""
    console.print()
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, address in addresses.items():
        table.add_row(name, Text(address))
    console.print(table)


def show_outcome(console: Console, outcome: Outcome) -> None:
    """One line per check."""
    word = Text("ok    ", style="green") if outcome.good else Text("FAILED", style="bold red")
    console.print(Text.assemble(word, " ", outcome.name, (f"  ({outcome.detail})", "dim")), soft_wrap=True)


def _timeline(title: str, page: Page, captions: Mapping[str, str]) -> Table:
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("score", justify="right")
    table.add_column("reason")
    table.add_column("caption (title and genres of a film; its author is made up)")
    for place, entry in enumerate(page.posts, start=1):
        table.add_row(str(place), f"{entry.score:.3f}", entry.reason, Text(captions.get(entry.post_id, "")))
    return table
