"""Prints the steps, timelines, the report and the addresses. All layout of the demo is here."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from demo.checks import Outcome
from demo.client import Model, Page
from shared.domain import Phase
from shared.ranked_lists.inspect import ListedPost

SYSTEMS = {
    "neucf": "NeuCF",
    "neucf without serving order": "NeuCF’s score alone",
    "heuristic": "heuristic",
    "popularity now": "popularity now",
    "popularity": "popularity",
    "ease": "EASE",
    "ials": "iALS",
    "item-knn": "item-kNN",
    "item-knn-sparse": "item-kNN, sparse",
    "photo-knn": "photo-kNN",
    "caption-knn": "caption-kNN",
}
WIDE = 86  # columns from which on the table of all systems has room for whole figures
METRICS = {"hr@10": "HR@10", "ndcg@10": "NDCG@10", "recall@20": "Recall@20"}


def show_done(console: Console, done: Mapping[str, tuple[str, float]]) -> None:
    """Print each step with its result and seconds."""
    table = Table(box=None, pad_edge=False)
    table.add_column("step", style="bold")
    table.add_column("what was done")
    table.add_column("seconds", justify="right")
    for step, (result, seconds) in done.items():
        table.add_row(step, Text(result), f"{seconds:.1f}")
    console.print(table)


def show_notice(console: Console, notice: str | None) -> None:
    """Print a note that prevents misunderstanding the world, if there is one."""
    if notice is not None:
        console.print(Text(f"\n{notice}", style="italic"))


def show_timeline(
    console: Console, title: str, user_id: str, page: Page, captions: Mapping[str, str], caption_heading: str
) -> None:
    """A user's first posts with score, reason and caption."""
    _say(console, f"\n{title} ({user_id}), from the source “{page.source}”", style="bold")
    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("score", justify="right")
    table.add_column("reason")
    table.add_column(caption_heading)
    for place, entry in enumerate(page.posts, start=1):
        table.add_row(str(place), f"{entry.score:.3f}", entry.reason, Text(captions.get(entry.post_id, "")))
    console.print(table)


def show_side_by_side(
    console: Console,
    user_id: str,
    lists: Mapping[Phase, Sequence[ListedPost]],
    captions: Mapping[str, str],
    liked: Sequence[str],
) -> None:
    """Print what each phase shows the same user at the same time, and what the user liked last."""
    _say(
        console,
        f"\nThe active user ({user_id}) in both phases, without what they have seen or blocked",
        style="bold",
    )
    _say(console, "liked last: " + " | ".join(liked))
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("", justify="right")
    for phase in lists:
        table.add_column("score", justify="right", no_wrap=True)
        table.add_column("reason", no_wrap=True)
        table.add_column(f"{phase}’s post", ratio=1, no_wrap=True, overflow="ellipsis")
    for place, row in enumerate(zip_longest(*lists.values()), start=1):
        table.add_row(str(place), *(cell for post in row for cell in _cells(post, captions)))
    console.print(table)


def _cells(post: ListedPost | None, captions: Mapping[str, str]) -> tuple[str, str, Text]:
    if post is None:  # this list is the shorter one
        return "", "", Text("")
    return f"{post.score:.3f}", post.reason, Text(captions.get(post.post_id or "", ""))


def show_report(console: Console, report: Mapping[str, Any]) -> None:
    """Print the metrics of each ranker in the replay and on each cut, with 95 % intervals."""
    replay = report.get("replay", {})
    for cut in (*([replay] if "systems" in replay else []), *report["cuts"].values()):
        _say(console, f"\nHeld-out likes of {cut['users']:,} users: {cut['protocol']}", style="bold")
        console.print(_systems_table(cut["systems"], is_narrow=console.width < WIDE))
        for line in (_settings_line(cut.get("settings", {})), _cold_line(cut.get("cold_posts"))):
            if line:
                _say(console, line, style="dim")


def _settings_line(settings: Mapping[str, Mapping[str, float]]) -> str:
    """The settings of the plain rankers that have some; empty if there are none."""
    of_systems = (
        " ".join([SYSTEMS.get(system, system), *(f"{name} {value:g}" for name, value in values.items())])
        for system, values in settings.items()
    )
    return f"Settings chosen on validation likes: {'; '.join(of_systems)}." if settings else ""


def _cold_line(cold: Mapping[str, Any] | None) -> str:
    """Recall@20 of posts without a like before the cut; empty if nobody liked one later."""
    if cold is None:
        return ""
    metric = "recall@20"
    figures = [f"{SYSTEMS.get(name, name)} {values[metric]['mean']:.3f}" for name, values in cold["systems"].items()]
    figures.append(f"chance {cold['by_chance'][metric]:.3f}")
    return (
        f"{METRICS[metric]} of the {cold['posts']:,} posts without a like before, ranked among each other for "
        f"{cold['users']:,} users: {', '.join(figures)}. "
        f"Nothing to say of them: {', '.join(SYSTEMS.get(name, name) for name in cold['says_nothing'])}."
    )


def _systems_table(systems: Mapping[str, Mapping[str, Mapping[str, float]]], *, is_narrow: bool) -> Table:
    table = Table("", *METRICS.values(), box=None, pad_edge=False)
    for system, name in SYSTEMS.items():
        figures = systems.get(system)
        if figures is not None:
            intervals = (_interval(figures[metric], is_narrow=is_narrow) for metric in METRICS)
            table.add_row(name, *intervals, style="bold" if system == "neucf" else "")
    return table


def show_verdict(console: Console, model: Model) -> None:
    """Print the gate's verdict, and what the demo does after a rejection."""
    console.print(
        "\nA model goes live only when it is proven better than what the app could show without one. "
        f"The gate says {'yes' if model.accepted else 'no'}:"
    )
    console.print(Padding(Text(model.verdict), (0, 0, 0, 2)))
    if not model.accepted:
        console.print(
            "Left alone, Warmline would stay in phase 1 and try again the next night. To show phase 2 all the same, "
            "the demo overrides the gate, as an operator may (it goes on record in the audit):"
        )
        console.print(f'  PUT /admin/models/champion {{"version": {model.version}, "override": true}}', markup=False)


def _interval(figure: Mapping[str, float], *, is_narrow: bool) -> str:
    """A mean with its interval; on a narrow terminal without the zeros before the points of its ends."""
    low, high = f"{figure['low']:.3f}", f"{figure['high']:.3f}"
    if is_narrow:
        low, high = low.removeprefix("0"), high.removeprefix("0")
    return rf"{figure['mean']:.3f} \[{low}, {high}]"


def _say(console: Console, text: str, *, style: str = "") -> None:
    """A line: at a terminal wrapped between words, in a pipe left whole."""
    console.print(Text(text, style=style), soft_wrap=not console.is_terminal)


def show_addresses(console: Console, addresses: Mapping[str, str]) -> None:
    """Print names and addresses; none of them holds a secret."""
    console.print()
    for name, address in addresses.items():  # no table: an address that is broken over two lines cannot be copied
        console.print(Text.assemble((f"{name:<16}", "bold"), address), soft_wrap=True)


def show_outcome(console: Console, outcome: Outcome) -> None:
    """One line per check."""
    word = Text("ok    ", style="green") if outcome.good else Text("FAILED", style="bold red")
    line = Text.assemble(word, " ", outcome.name, (f"  ({outcome.detail})", "dim"))
    console.print(line, soft_wrap=not console.is_terminal)
