"""Prints the measurements: a table per protocol, with intervals and provenance."""

from collections.abc import Mapping

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.quality.data import QualityData
from benchmarks.quality.measure import Measured, mean_over_seeds
from benchmarks.quality.musts import checked
from benchmarks.quality.protocols import ALL_ITEMS, COLD_ITEMS, GLOBAL_TIME, KS, LAST_OUT, SAMPLED
from benchmarks.quality.rows import BOOTSTRAP_SEED, differences, intervals, means, measured_seeds
from benchmarks.quality.systems import NEUCF
from s02_train_neucf.evaluation.metrics import Interval
from s02_train_neucf.evaluation.user_groups import by_group, user_groups

SHOWN: Mapping[str, tuple[str, ...]] = {
    ALL_ITEMS: ("hr@10", "ndcg@10", "recall@20", "ndcg@20", "mrr@10"),
    LAST_OUT: ("hr@10", "ndcg@10", "hr@20", "ndcg@20", "mrr@10"),
    GLOBAL_TIME: ("hr@10", "ndcg@10", "hr@20", "ndcg@20", "mrr@10"),
    COLD_ITEMS: ("recall@20", "ndcg@20", "auc"),
    SAMPLED: ("hr@5", "ndcg@5", "hr@10", "ndcg@10"),
}
COLD_BELOW = 3  # likes; the default of COLD_MIN_POSITIVES
BESIDES = ("coverage", "novelty", "photo diversity")


def show(console: Console, measured: Measured, provenance: Mapping[str, str]) -> None:
    """Print everything of one data set."""
    _show_data(console, measured)
    for protocol in measured.protocols:
        console.print(_systems_table(measured, protocol))
        between = differences(measured, protocol)
        if between:
            console.print(_differences_table(between, protocol))
        if protocol in (ALL_ITEMS, LAST_OUT, GLOBAL_TIME):
            console.print(_spread_table(measured, protocol))
        if NEUCF in measured.of(protocol) and protocol != COLD_ITEMS:
            console.print(_groups_table(measured, protocol))
    _show_musts(console, measured)
    for each in measured.left_out:
        console.print(f"left out: {each.system}: {each.reason}", markup=False)
    seeds = ", ".join(str(seed) for seed in measured_seeds(measured))
    console.print(f"seeds {seeds}; " + ", ".join(f"{name} {value}" for name, value in provenance.items()), markup=False)


def _show_data(console: Console, measured: Measured) -> None:
    data = measured.data
    console.print(
        f"{data.name}: {len(data.train):,} pairs of {data.train_likes.n_users:,} users and "
        f"{len(data.posts.id_hashes):,} posts to learn from, "
        f"{len(data.test_likes.posts):,} asked of {len(data.n_known):,} users; "
        f"{int(data.cold.sum()):,} posts never trained on; "
        f"{_times(data)}; content: {', '.join(data.slots) or 'none'}",
        markup=False,
    )
    for note in data.notes:
        console.print(f"note: {note}", markup=False)


def _times(data: QualityData) -> str:
    if not data.timed:
        return "no times"
    return "times" if data.clock else "places in each user's order, no times"


def _systems_table(measured: Measured, protocol: str) -> Table:
    table = Table(title=f"{measured.data.name}, {protocol}: mean over users [95 % by bootstrap]")
    for heading in ("system", *SHOWN[protocol], "seeds", "seconds", "chosen"):
        table.add_column(heading)
    for name, those in measured.of(protocol).items():
        figures = intervals(mean_over_seeds(those))
        seeds = list(dict.fromkeys(each.seed for each in those))
        seconds = sum(each.seconds for each in those) / len(those)
        table.add_row(
            name,
            *(_cell(figures[metric]) for metric in SHOWN[protocol]),
            str(len(seeds)),
            f"{seconds:.1f}",
            those[0].setting,
        )
    return table


def _differences_table(between: Mapping[str, Mapping[str, Interval]], protocol: str) -> Table:
    table = Table(title=f"{NEUCF} less each other, user by user, {protocol}")
    for heading in ("other", *SHOWN[protocol]):
        table.add_column(heading)
    for name, figures in between.items():
        table.add_row(name, *(_cell(figures[metric], "+") for metric in SHOWN[protocol]))
    return table


def _spread_table(measured: Measured, protocol: str) -> Table:
    """Metrics of the lists besides hits."""
    by_system = {name: means(those) for name, those in measured.of(protocol).items()}
    headings = [name for name in next(iter(by_system.values())) if name.startswith(BESIDES)]
    table = Table(title=f"{measured.data.name}, lists of {max(KS)}: coverage of all posts, novelty in bits")
    for heading in ("system", *headings):
        table.add_column(heading)
    for name, figures in by_system.items():
        table.add_row(name, *(f"{figures[heading]:.3f}" for heading in headings))
    return table


def _groups_table(measured: Measured, protocol: str) -> Table:
    """NeuCF for cold users, and for others by their number of interactions."""
    groups = user_groups(measured.data.n_known, cold_below=COLD_BELOW)
    values = mean_over_seeds(measured.of(protocol)[NEUCF])
    shown = {metric: values[metric] for metric in SHOWN[protocol]}
    table = Table(title=f"{NEUCF} by group of users, {protocol}")
    for heading in ("group", "users", *SHOWN[protocol]):
        table.add_column(heading)
    for group, figures in by_group(shown, groups, np.random.default_rng(BOOTSTRAP_SEED)).items():
        n_users = int(groups[group].sum())
        table.add_row(group, str(n_users), *(_cell(figures[metric]) for metric in SHOWN[protocol]))
    return table


def _show_musts(console: Console, measured: Measured) -> None:
    for each in checked(measured):
        aim = "" if each.must.aim is None else f" (aim {each.must.aim:g})"
        verdict = "holds" if each.holds else "DOES NOT HOLD"
        console.print(f"must: {each.must}{aim}, {each.must.protocol}: got {each.got:.4f}, {verdict}", markup=False)


def _cell(value: Interval, sign: str = "") -> str:
    return f"{value.mean:{sign}.4f} [{value.low:{sign}.4f}, {value.high:{sign}.4f}]"
