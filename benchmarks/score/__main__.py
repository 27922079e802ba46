"""`python -m benchmarks.score`: best posts for many users, by ours, plain ways and, with `--peers`, others.

All systems are measured in one run, in turns, on the same threads, beside what the processor allows. Systems that go
user by user do a share of the users in each round, ours all of them.
"""

import argparse
import os
import sys
from contextlib import ExitStack

import torch

from benchmarks.figures import Result, count, parser, refusals, report
from benchmarks.peers import SCORING, peer_python
from benchmarks.score.measure import Measured, Share, measure
from benchmarks.score.peers import peers
from benchmarks.score.rows import bounds_of, rows_of
from benchmarks.score.worlds import Size, make_world
from shared.jobs.progress_bars import bars

QUICK_USERS, QUICK_POSTS, QUICK_ROUNDS = 1000, 5000, 3


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    if given.quick:
        given.users, given.posts, given.rounds = QUICK_USERS, QUICK_POSTS, QUICK_ROUNDS
    size = Size(users=given.users, posts=given.posts, top=given.top, seed=given.seed)
    torch.set_num_threads(given.threads)
    with refusals("score"):
        measured = _measured(size, given)
        notes = {"seed": f"{size.seed}", "threads of each": f"{given.threads}", "lists": str(measured.compared)}
        result = Result(
            title=f"{size.users:,} users × {size.posts:,} posts, top {size.top}, {given.rounds} rounds",
            ratio="ours ÷ it",
            rows=rows_of(measured),
            bounds=bounds_of(measured, is_quick=given.quick),
            notes=notes | ({"peers": measured.peers} if measured.peers else {}),
        )
        return report(result, given.json)


def _measured(size: Size, given: argparse.Namespace) -> Measured:
    share = Share(plain=max(20, size.users // 25), blocks=max(50, size.users // 10), peer=max(20, size.users // 50))
    with ExitStack() as stack:
        others = {}
        if given.peers:
            others = {peer.name: peer for peer in peers(peer_python(SCORING), size, given.threads, stack)}
        with bars() as report_progress:
            return measure(
                make_world(size), share, others,
                rounds=given.rounds, cores=os.cpu_count() or 1, report_progress=report_progress,
            )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    made = parser("score", __doc__)
    made.add_argument("--users", type=count, default=10_000, help="users with a list (10,000)")
    made.add_argument("--posts", type=count, default=20_000, help="candidates, at least 4 × --top (20,000)")
    made.add_argument("--top", type=count, default=200, help="length of a list (200)")
    made.add_argument("--rounds", type=count, default=5, help=f"rounds (5; {QUICK_ROUNDS} with --quick)")
    made.add_argument("--threads", type=count, default=1, help="of every system (1, as services have by default)")
    made.add_argument("--peers", action="store_true", help="Cornac and RecBole too, in a venv that is made on the spot")
    return made


if __name__ == "__main__":
    sys.exit(main())
