"""Combines the replayed cuts; each cut's final ranker is chosen on earlier cuts only. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from s02_train_neucf.evaluation.evaluate import Report, compare
from s02_train_neucf.evaluation.metrics import NAMES, Interval, PerUser, mean_per_user
from s02_train_neucf.evaluation.shared_errors import PairDifferences, interval_of
from s02_train_neucf.gate.cuts import MIN_JUDGED, N_CUTS, NIGHTLY_RISK, ReplayCut
from s02_train_neucf.gate.pair_gains import PairGains
from s02_train_neucf.gate.ranker_choice import PLAIN, RankerComparison, choose_ranker, compared
from s02_train_neucf.gate.served_shares import ServedShares, served_shares
from shared.distinct import distinct
from shared.event_columns import Floats
from shared.neucf.final_ranker import FinalRanker

if TYPE_CHECKING:
    from s02_train_neucf.gate.replay import CutFigures

NEUCF, NEUCF_RAW = "neucf", "neucf without serving order"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedCut:
    """One judged cut."""

    cut: ReplayCut
    n_steps: int  # with test users
    n_users: int
    ranker: FinalRanker  # chosen on the cuts before


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The replay as a whole."""

    cuts: tuple[ReplayedCut, ...]
    ranker: FinalRanker  # chosen on all cuts; part of the model's manifest
    report: Report | None  # None if there is too little data
    missing: str  # what is missing; empty if there is enough data
    # Baseline -> by how much NeuCF's NDCG@10 is above it, missed with NIGHTLY_RISK on either side.
    gains: Mapping[str, Interval] = field(default_factory=dict)
    n_posts: float = 0.0  # that decide: as many as would spread their likes as evenly (1 / Σ share²)
    served: ServedShares = field(default_factory=ServedShares)  # what the judged likes came from
    comparisons: tuple[RankerComparison, ...] = ()  # the other final rankers beside the best serving order, on all cuts


def replay_of(
    cuts: "Sequence[CutFigures]",
    rankers: Sequence[FinalRanker],
    *,
    n_warm_up: int,
    n_posts: int,
    min_known: int,
    generator: np.random.Generator,
) -> Replay:
    """Choose each cut's final ranker on the cuts before it, and pool the figures of all cuts by user.

    Args:
        cuts: in order of time, including the warm-up.
        rankers: what `by_ranker` of the cuts is about; the plain ones come first, of these the score alone.
        n_warm_up: cuts at the beginning that are not judged.
        n_posts: number of all posts, for the protocol.
        min_known: likes that test users had, for the protocol.
        generator: of the bootstrap.
    """
    chooser = generator.spawn(1)[0]
    choices, judged = chosen_rankers(cuts, rankers, chooser)[n_warm_up:], cuts[n_warm_up:]
    replayed = tuple(
        ReplayedCut(cut=cut.cut, n_steps=cut.n_steps, n_users=len(cut.user_id_hashes), ranker=rankers[choice])
        for cut, choice in zip(judged, choices, strict=True)
    )
    choice = _choice(cuts, rankers, chooser)
    comparisons = compared(cuts, rankers, choice, partial(_gain_over, cuts, chooser))
    ranker, missing = rankers[choice], _missing(judged)
    if missing:
        return Replay(cuts=replayed, ranker=ranker, report=None, missing=missing, comparisons=comparisons)
    protocol = (
        f"replay of {len(judged)} cuts in {sum(cut.n_steps for cut in judged)} steps; what the timeline could have "
        f"shown at each step is ranked; users with {min_known} likes or more by then"
    )
    report = compare(_pooled(judged, choices), ours=NEUCF, protocol=protocol, n_posts=n_posts, generator=generator)
    pairs = _pooled_pairs(judged, choices)
    served = served_shares(pairs, list(judged[0].baselines))
    deciding = pairs.where(served.is_outside(pairs)) if served.decides else pairs
    gains = _gains(deciding, judged[0].baselines, generator)
    return Replay(
        cuts=replayed, ranker=ranker, report=report, missing="", comparisons=comparisons,
        gains=gains, n_posts=_effective_posts(deciding), served=served,
    )  # fmt: skip


def chosen_rankers(
    cuts: "Sequence[CutFigures]", rankers: Sequence[FinalRanker], generator: np.random.Generator
) -> list[int]:
    """For each cut, the index of the ranker that is chosen on the cuts before it, without looking at itself."""
    return [_choice(cuts[:index], rankers, generator) for index in range(len(cuts))]


def _choice(cuts: "Sequence[CutFigures]", rankers: Sequence[FinalRanker], generator: np.random.Generator) -> int:
    return choose_ranker(cuts, rankers, partial(_gain_over, cuts, generator.spawn(1)[0]))


def _gain_over(
    cuts: "Sequence[CutFigures]", generator: np.random.Generator, ranker: int, other: int, risk: float
) -> Interval:
    """By how much one ranker's NDCG@10 is above another's on these cuts; each user counts once."""
    first = len(cuts[0].baselines)
    pairs = _pairs_of(cuts, [[first + ranker, first + other]] * len(cuts))
    return _interval(pairs, pairs.gains[0] - pairs.gains[1], risk, generator)


def _pooled(cuts: "Sequence[CutFigures]", choices: Sequence[int]) -> Mapping[str, Mapping[str, PerUser]]:
    """For each system and metric, one value per user: the mean of their cuts."""
    users = np.concatenate([cut.user_id_hashes for cut in cuts])
    systems = {
        NEUCF: [cut.by_ranker[choice] for cut, choice in zip(cuts, choices, strict=True)],
        NEUCF_RAW: [cut.by_ranker[PLAIN] for cut in cuts],
        **{name: [cut.baselines[name] for cut in cuts] for name in cuts[0].baselines},
    }
    pooled = {name: mean_per_user(users, np.concatenate(parts))[1] for name, parts in systems.items()}
    return {name: dict(zip(NAMES, values.T, strict=True)) for name, values in pooled.items()}


def _pooled_pairs(cuts: "Sequence[CutFigures]", choices: Sequence[int]) -> PairGains:
    """The parts of all users' figures: of the baselines in their order, then of NeuCF."""
    n_baselines = len(cuts[0].baselines)
    return _pairs_of(cuts, [[*range(n_baselines), n_baselines + choice] for choice in choices])


def _pairs_of(cuts: "Sequence[CutFigures]", systems: Sequence[Sequence[int]]) -> PairGains:
    """The parts of all users' figures, of the systems that are given for each cut."""
    users, n_cuts = np.unique(np.concatenate([cut.user_id_hashes for cut in cuts]), return_counts=True)
    of_cuts = [cut.pairs.of_systems(chosen) for cut, chosen in zip(cuts, systems, strict=True)]
    return PairGains.joined(of_cuts, n_systems=len(systems[0])).averaged(users, n_cuts)


def _gains(pairs: PairGains, baselines: Iterable[str], generator: np.random.Generator) -> dict[str, Interval]:
    """For each baseline, the interval of NeuCF's gain over it."""
    return {
        name: _interval(pairs, pairs.gains[-1] - gains, NIGHTLY_RISK, generator)
        for name, gains in zip(baselines, pairs.gains, strict=False)
    }


def _interval(pairs: PairGains, differences: Floats, risk: float, generator: np.random.Generator) -> Interval:
    user, post = (np.unique(column, return_inverse=True)[1] for column in (pairs.user_id_hashes, pairs.posts))
    parts = PairDifferences(users=user, posts=post, shares=pairs.shares, differences=differences)
    return interval_of(parts, risk=risk, generator=generator)


def _effective_posts(pairs: PairGains) -> float:
    """How many posts, each with as many likes, would spread the likes as evenly as they are."""
    shares = np.bincount(np.unique(pairs.posts, return_inverse=True)[1], pairs.shares)
    return float(shares.sum() ** 2 / (shares @ shares)) if len(shares) else 0.0


def _missing(cuts: "Sequence[CutFigures]") -> str:
    n_cuts = sum(len(cut.user_id_hashes) > 0 for cut in cuts)
    n_users = len(distinct(np.concatenate([np.zeros(0, np.int64), *(cut.user_id_hashes for cut in cuts)])))
    lacking = []
    if n_cuts < N_CUTS:
        lacking.append(f"{n_cuts} cuts with somebody to ask, expected {N_CUTS}")
    if n_users < MIN_JUDGED:
        lacking.append(f"{n_users} users to ask, expected {MIN_JUDGED}")
    return "; ".join(lacking)
