"""The mirror's two plots: figures of all systems with their intervals, and the learning curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

SHOWN = ("hr@10", "ndcg@10", "recall@20")
Series = Mapping[str, Sequence[tuple[int, float]]]


def draw_bars(report: Mapping[str, Any], path: Path) -> None:
    """Bars with 95 % intervals over users: one picture for each cut, one group for each metric."""
    cuts = {"replay": report.get("replay", {}), **report.get("cuts", {})}
    shown = {name: cut["systems"] for name, cut in cuts.items() if cut.get("systems")}
    names = list(dict.fromkeys(system for systems in shown.values() for system in sorted(systems)))
    colours = {system: f"C{number}" for number, system in enumerate(names)}  # the same in every picture
    figure = Figure(figsize=(10, 3.2 * max(1, len(shown))), layout="constrained")
    for row, (name, systems) in enumerate(shown.items(), start=1):
        axes = figure.add_subplot(len(shown), 1, row)
        axes.set_title(name)
        axes.set_xticks(range(len(SHOWN)), SHOWN)
        width = 0.8 / len(systems)
        for number, (system, figures) in enumerate(systems.items()):
            found = [(at, figures[metric]) for at, metric in enumerate(SHOWN) if metric in figures]
            means = [value["mean"] for _, value in found]
            below = [value["mean"] - value["low"] for _, value in found]
            above = [value["high"] - value["mean"] for _, value in found]
            left = [at + (number - (len(systems) - 1) / 2) * width for at, _ in found]
            axes.bar(left, means, width, label=system, color=colours[system], yerr=[below, above], capsize=2)
        axes.legend(fontsize="small")
    figure.savefig(path)


def draw_losses(losses: Series, validations: Series, path: Path) -> None:
    """One line for each training of the run: its loss, and below it its validation figure where there is one."""
    figure = Figure(figsize=(10, 7), layout="constrained")
    for row, (title, all_series) in enumerate((("loss", losses), ("validation", validations)), start=1):
        axes = figure.add_subplot(2, 1, row)
        axes.set_ylabel(title)
        axes.set_xlabel("epoch")
        for name, series in all_series.items():
            axes.plot([epoch for epoch, _ in series], [value for _, value in series], label=name)
        if all_series:
            axes.legend(fontsize="small")
    figure.savefig(path)
