"""`python -m benchmarks.train`: epochs by turns, positives a second, and how good each system is afterwards."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.provenance import provenance
from benchmarks.train.systems import OURS, System, started
from benchmarks.train.world import Shape, World, make_world
from shared.errors import WarmlineError

WHOLE, QUICK = Shape(users=6040, posts=3706, likes=1_000_000), Shape(users=1000, posts=800, likes=60_000)
EPOCHS, QUICK_EPOCHS = 8, 3
LOG_WIDTH = 160  # columns, where there is no terminal to ask


def main() -> None:
    """Run the benchmark; the exit code is 0, or 2 when it cannot run as asked."""
    options = _parser().parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    shape = QUICK if options.quick else WHOLE
    epochs = options.epochs or (QUICK_EPOCHS if options.quick else EPOCHS)
    try:
        world = make_world(shape, options.seed)
        systems = run(world, epochs, options.seed, options.threads, peers=options.peers)
    except WarmlineError as error:
        Console(stderr=True).print(Text(f"benchmarks.train: {error}"), soft_wrap=True)
        sys.exit(error.exit_code)
    rows = rows_of(systems, len(world.train))
    _show(console, systems, world, epochs)
    console.print(
        f"{len(world.train):,} likes, {shape.users:,} users, {shape.posts:,} posts, seed {options.seed}, "
        f"{options.threads} thread(s), {epochs} epochs by turns; "
        + ", ".join(f"{name} {value}" for name, value in provenance().items()),
        markup=False,
    )
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def run(world: World, epochs: int, seed: int, threads: int, *, peers: bool) -> list[System]:
    """All systems train an epoch each, in turn, and again; then each is asked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world.write(folder / "world.npz")
        with started(folder / "world.npz", folder / "peer", seed, threads, peers=peers) as systems:
            for _ in range(epochs):
                for system in systems:
                    system.train()
            for system in systems:
                system.finish()
    return systems


def rate(system: System, n_likes: int) -> float:
    """Positives a second, by the median epoch."""
    return n_likes / median(system.seconds)


def rows_of(systems: Sequence[System], n_likes: int) -> list[dict[str, object]]:
    """A row for each system and metric; the ratio is ours over it."""
    (ours,) = [system for system in systems if system.name == OURS]
    rows = list[dict[str, object]]()
    for system in systems:
        for metric, unit, mine, its in (
            ("train", "positives/s", rate(ours, n_likes), rate(system, n_likes)),
            ("HR@10", "", ours.end["hr"], system.end["hr"]),
            ("NDCG@10", "", ours.end["ndcg"], system.end["ndcg"]),
            ("peak RSS", "MiB", ours.end["peak_mib"], system.end["peak_mib"]),
        ):
            ratio = mine / its if its else None
            rows.append({"system": system.name, "metric": metric, "value": its, "unit": unit, "ratio": ratio})
    return rows


def _show(console: Console, systems: Sequence[System], world: World, epochs: int) -> None:
    table = Table("system", title=f"Training NeuMF of the paper: factors 8, tower 64-32-16-8, {epochs} epochs")
    for name in ("positives/s", "warmline is", "HR@10", "NDCG@10", "last loss", "peak MiB"):
        table.add_column(name, justify="right")
    table.add_column("versions")
    (ours,) = [system for system in systems if system.name == OURS]
    for system in systems:
        its = rate(system, len(world.train))
        table.add_row(
            system.name,
            f"{its:,.0f}",
            f"{rate(ours, len(world.train)) / its:.2f} ×",
            f"{system.end['hr']:.4f}",
            f"{system.end['ndcg']:.4f}",
            f"{system.losses[-1]:.4f}",
            f"{system.end['peak_mib']:,.0f}",
            ", ".join(f"{name} {version}" for name, version in system.end["versions"].items()),
        )
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.train",
        description="Train NeuMF of the paper on a million likes: ours, a plain loop and, with --peers, RecBole 1.2.1.",
    )
    parser.add_argument("--peers", action="store_true", help="RecBole too, in a venv that is made on the spot")
    parser.add_argument("--quick", action="store_true", help="a small world and few epochs: below a minute")
    parser.add_argument("--epochs", type=int, metavar="N", help=f"default: {EPOCHS}, or {QUICK_EPOCHS} with --quick")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write rows as JSON")
    return parser


if __name__ == "__main__":
    main()
