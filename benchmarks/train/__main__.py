"""`python -m benchmarks.train`: NeuMF of the paper by ours, a plain loop and, with `--peers`, RecBole 1.2.1.

Each trains an epoch in turn; positives a second by the median epoch, and how good each system is afterwards.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.figures import Bound, Result, Row, at_least, count, parser, refusals, report
from benchmarks.train.systems import OURS, PLAIN, RECBOLE, System, started
from benchmarks.train.world import Shape, World, make_world
from benchmarks.turns import in_turn

WHOLE, QUICK = Shape(users=6040, posts=3706, likes=1_000_000), Shape(users=1000, posts=800, likes=60_000)
EPOCHS, QUICK_EPOCHS = 8, 3
LEAST = {PLAIN: 1.0, RECBOLE: 2.0}  # positives a second, ours ÷ it; the aim is 5 × RecBole
WORSE = 0.01  # HR@10 that ours may lie below RecBole's and still count as equal


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives the exit code."""
    given = _parser().parse_args(arguments)
    shape = QUICK if given.quick else WHOLE
    epochs = given.epochs or (QUICK_EPOCHS if given.quick else EPOCHS)
    with refusals("train"):
        world = make_world(shape, given.seed)
        systems = run(world, epochs, given.seed, given.threads, peers=given.peers)
        n_likes = len(world.train)
        result = Result(
            title=f"NeuMF of the paper (factors 8, tower 64-32-16-8), {n_likes:,} likes, {shape.users:,} users, "
            f"{shape.posts:,} posts, {epochs} epochs by turns",
            ratio="ours ÷ it",
            rows=rows_of(systems, n_likes),
            bounds=bounds_of(systems, n_likes),
            notes={"seed": f"{given.seed}", "threads of each": f"{given.threads}"} | _versions(systems),
        )
        return report(result, given.json)


def run(world: World, epochs: int, seed: int, threads: int, *, peers: bool) -> list[System]:
    """All systems train an epoch each, in turn, and again; then each is asked."""
    with tempfile.TemporaryDirectory(prefix="warmline-train-") as name:
        folder = Path(name)
        world.write(folder / "world.npz")
        with started(folder / "world.npz", folder / "peer", seed, threads, peers=peers) as systems:
            for _, system in in_turn(systems, rounds=epochs):
                system.train()
            for system in systems:
                system.finish()
    return systems


def rate(system: System, n_likes: int) -> float:
    """Positives a second, by the median epoch."""
    return n_likes / median(system.seconds)


def rows_of(systems: Sequence[System], n_likes: int) -> list[Row]:
    """A row for each system and metric."""
    ours, rows = _named(systems)[OURS], list[Row]()
    for system in systems:
        for metric, unit, mine, its in (
            ("train", "positives/s", rate(ours, n_likes), rate(system, n_likes)),
            ("HR@10", "", ours.end["hr"], system.end["hr"]),
            ("NDCG@10", "", ours.end["ndcg"], system.end["ndcg"]),
            ("last loss", "", ours.losses[-1], system.losses[-1]),
            ("peak RSS", "MiB", ours.end["peak_mib"], system.end["peak_mib"]),
        ):
            ratio = mine / its if its else None
            rows.append(Row(system=system.name, metric=metric, value=its, unit=unit, ratio=ratio))
    return rows


def bounds_of(systems: Sequence[System], n_likes: int) -> list[Bound]:
    """How much faster ours must be, and that it is as good."""
    named = _named(systems)
    ours = named[OURS]
    bounds = [
        at_least(f"positives/s, ours ÷ {name}", rate(ours, n_likes) / rate(named[name], n_likes), least)
        for name, least in LEAST.items()
        if name in named
    ]
    if RECBOLE in named:
        bounds.append(at_least("HR@10, ours − RecBole's", ours.end["hr"] - named[RECBOLE].end["hr"], -WORSE))
    return bounds


def _named(systems: Sequence[System]) -> dict[str, System]:
    return {system.name: system for system in systems}


def _versions(systems: Sequence[System]) -> dict[str, str]:
    return {
        system.name: " ".join(f"{name} {version}" for name, version in system.end["versions"].items())
        for system in systems
    }


def _parser() -> argparse.ArgumentParser:
    made = parser("train", __doc__)
    made.add_argument("--peers", action="store_true", help="RecBole too, in a venv that is made on the spot")
    made.add_argument("--epochs", type=count, metavar="N", help=f"epochs ({EPOCHS}; {QUICK_EPOCHS} with --quick)")
    made.add_argument("--threads", type=count, default=1, help="of every system (1, as services have by default)")
    return made


if __name__ == "__main__":
    sys.exit(main())
