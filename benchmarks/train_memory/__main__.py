"""`python -m benchmarks.train_memory`: memory and seconds of a night's training on a large synthetic world.

What the nightly job does after reading PostgreSQL runs in a process of its own: sorting the history, the search, the
replay, two cuts with baselines, the final training, the gate, the model file. There are few epochs and steps, which
saves time without changing the memory.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.child import records_of_child
from benchmarks.figures import Bound, Result, Row, at_most, count, parser, refusals, report

GIB = 2**30
MUST = 4.0  # GiB
QUICK_USERS, QUICK_POSTS, QUICK_EVENTS = 2_000, 1_000, 40_000
NIGHT = "benchmarks.train_memory.night"
Told = Mapping[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code: 1 where the night took more than it may."""
    given = _parser().parse_args(arguments)
    if given.quick:
        given.users, given.posts, given.events = QUICK_USERS, QUICK_POSTS, QUICK_EVENTS
    with (
        refusals("train_memory"),
        tempfile.TemporaryDirectory(prefix="warmline-train-memory-", dir=given.folder) as home,
    ):
        size = [given.users, given.posts, given.events, given.likes, given.seed]
        records_of_child(NIGHT, ["world", home, *map(str, size)], {})
        *stages, end = records_of_child(NIGHT, ["night", home, *map(str, (given.epochs, given.steps, given.seed))], {})
        title = (
            f"{given.events:,} events ({given.likes:.0%} likes) of {end['users']:,} users on {end['posts']:,} posts, "
            f"{end['likes']:,} pairs; {given.steps} steps an epoch, {given.epochs} epochs a training"
        )
        result = Result(
            title=title, rows=rows_of(stages), bounds=bounds_of(stages), notes={"seed": f"{given.seed}"}
        )  # fmt: skip
        return report(result, given.json)


def rows_of(stages: Sequence[Told]) -> list[Row]:
    """Time of each stage, and the peak so far at its end."""
    return [
        row
        for each in stages
        for row in (
            Row(system=each["stage"], metric="time", value=each["seconds"], unit="s"),
            Row(system=each["stage"], metric="peak RSS so far", value=each["peak"] / GIB, unit="GiB"),
        )
    ]


def bounds_of(stages: Sequence[Told]) -> list[Bound]:
    """What the whole night may hold."""
    return [at_most("GiB of the whole night", stages[-1]["peak"] / GIB, MUST)]


def _parser() -> argparse.ArgumentParser:
    made = parser("train_memory", __doc__)
    made.add_argument("--users", type=count, default=200_000, help="users (200,000)")
    made.add_argument("--posts", type=count, default=100_000, help="posts, each with a photo and a caption (100,000)")
    made.add_argument("--events", type=count, default=10_000_000, help="interactions (10,000,000)")
    made.add_argument("--likes", type=float, default=1.0, metavar="SHARE", help="of them; the others are views (1.0)")
    made.add_argument("--epochs", type=count, default=1, help="of each training, at most (1)")
    made.add_argument("--steps", type=count, default=4, help="of each epoch, at most (4)")
    made.add_argument("--folder", type=Path, help="where half a gigabyte of columns is written meanwhile")
    return made


if __name__ == "__main__":
    sys.exit(main())
