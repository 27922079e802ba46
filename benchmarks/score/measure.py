"""One run: every system in turns, and whether the lists are the reference's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from benchmarks.peers import Program
from benchmarks.resident import rss_now
from benchmarks.score.floor import Shape, pairs_at_best, pairs_per_second, shapes_of
from benchmarks.score.plain import PlainBlocks, PlainLoop
from benchmarks.score.same_lists import Compared, compared
from benchmarks.score.worlds import World
from benchmarks.turns import Rates, Work, take_turns

OURS, LOOP, BLOCKS = "ours", "plain loop over users", "plain blocks, factored"
CHECKED = 200  # users whose lists are compared with the reference's


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Users that each system does in a round; ours does all."""

    plain: int
    blocks: int
    peer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Pairs a second of each system, and what stands beside them."""

    rates: Mapping[str, Rates]  # of OURS, LOOP, BLOCKS and peers, in pairs; of shapes, in operations
    shapes: tuple[Shape, ...]
    peers: str  # versions of other libraries
    floor: float  # pairs a second that the processor allows, each product at the speed of its shape
    floor_at_best: float  # … and all products at the largest speed
    compared: Compared
    over_the_model: int  # bytes of memory that ours took beyond the model and the world, at most


def measure(
    world: World,
    share: Share,
    others: Mapping[str, Program],
    *,
    rounds: int,
    cores: int,
    report_progress: Callable[[str, int, int], None],
) -> Measured:
    """Measure everything in turns."""
    size, held = world.size, rss_now()
    reference, shapes = PlainLoop(world), shapes_of(world.model)
    systems: dict[str, Work] = {
        OURS: lambda: _ours(world, size.users),
        LOOP: lambda: _loop(reference, share.plain),
        BLOCKS: lambda: _blocks(PlainBlocks(world=world), share.blocks),
        **{name: _peer(peer, share.peer, size.posts) for name, peer in others.items()},
        **{shape.name: shape.work for shape in shapes},
    }
    if cores > torch.get_num_threads():
        systems[on_all(cores)] = lambda: _on_threads(cores, lambda: _ours(world, size.users))
    rates = take_turns(systems, rounds=rounds, report_progress=report_progress)
    return Measured(
        rates=rates,
        shapes=tuple(shapes),
        peers=", ".join(peer.said["versions"] for peer in others.values()),
        floor=pairs_per_second(world.model, shapes, rates),
        floor_at_best=pairs_at_best(world.model, shapes, rates),
        compared=compared(world, reference, min(CHECKED, size.users)),
        over_the_model=max(0, rates[OURS].peak - held),
    )


def on_all(cores: int) -> str:
    """Name of the row of ours on all cores."""
    return f"ours, {cores} threads"


def _ours(world: World, n_users: int) -> float:
    for _ in world.ranked(n_users):
        pass
    return float(n_users * world.size.posts)


def _loop(reference: PlainLoop, n_users: int) -> float:
    for user in range(n_users):
        reference.best(user)
    return float(n_users * len(reference.scores(0)))


def _blocks(plain: PlainBlocks, n_users: int) -> float:
    plain.run(n_users)
    return float(n_users * plain.world.size.posts)


def _peer(peer: Program, n_users: int, n_posts: int) -> Work:
    def work() -> float:
        peer.ask(str(n_users))
        return float(n_users * n_posts)

    return work


def _on_threads(threads: int, work: Work) -> float:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return work()
    finally:
        torch.set_num_threads(before)
