"""The demo's output on a terminal of 80 columns: no line is longer, and no word or figure is broken."""

import io
from typing import Any

import pytest
from rich.console import Console

from demo.client import Page
from demo.show import METRICS, SYSTEMS, show_report, show_side_by_side, show_timeline
from shared.domain import Phase

USER = "87c38831-bf54-5b0b-a404-3193237aad68"
FIGURE = {"mean": 0.517, "low": 0.445, "high": 0.587}
REPORT: dict[str, Any] = {
    "replay": {
        "users": 1_234, "protocol": "replay of 5 cuts; " + "what the timeline could have shown at each step " * 3,
        "systems": {system: dict.fromkeys(METRICS, FIGURE) for system in SYSTEMS},
    },
    "cuts": {},
}  # fmt: skip


@pytest.fixture
def shown() -> Console:
    return Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None, highlight=False)


def lines_of(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_table_of_all_systems_has_a_line_for_each(shown: Console) -> None:
    show_report(shown, REPORT)
    lines = lines_of(shown)
    assert max(map(len, lines)) <= 80
    assert [line.count("0.517 [.445, .587]") for line in lines[-len(SYSTEMS) :]] == [3] * len(SYSTEMS)


def test_where_there_is_room_its_figures_are_whole() -> None:
    wide = Console(file=io.StringIO(), width=86, force_terminal=True, color_system=None, highlight=False)
    show_report(wide, REPORT)
    assert lines_of(wide)[-1].count("0.517 [0.445, 0.587]") == 3


def test_headings_end_their_lines_between_words(shown: Console) -> None:
    show_report(shown, REPORT)
    show_timeline(shown, "An active user", USER, Page(source="heuristic", posts=(), next_cursor=None), {}, "caption")
    show_side_by_side(shown, USER, {Phase.HEURISTIC: [], Phase.NEUCF: []}, {}, ["A film (1998) · Romance"] * 5)
    lines = lines_of(shown)
    assert max(map(len, lines)) <= 80
    said = " ".join(line.strip() for line in lines)
    for words in ("could have shown at each step what", f"An active user ({USER}), from the source “heuristic”",
                  "without what they have seen or blocked", "A film (1998) · Romance | A film"):  # fmt: skip
        assert words in said


def test_a_cut_says_what_was_tuned_and_who_knows_new_posts() -> None:
    wide = Console(file=io.StringIO(), width=120)
    figures = {"recall@20": FIGURE}
    cold = {"users": 12, "posts": 1_500, "by_chance": {"recall@20": 0.05}, "systems": {"neucf": figures},
            "says_nothing": {"ials": "knows posts by their likes alone"}}  # fmt: skip
    cut = REPORT["replay"] | {"settings": {"ials": {"factors": 16, "l2": 0.5}}, "cold_posts": cold}
    show_report(wide, {"replay": {}, "cuts": {"global": cut}})
    said = lines_of(wide)[-2:]
    assert said[0] == "Settings chosen on validation likes: iALS factors 16 l2 0.5."
    assert said[1] == (
        "Recall@20 of the 1,500 posts without a like before, ranked among each other for 12 users: NeuCF 0.517, "
        "chance 0.050. Nothing to say of them: iALS."
    )
