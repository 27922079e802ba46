"""Combines the replayed cuts; each cut's serving order is chosen on earlier cuts only. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from s02_train_neucf.evaluation.evaluate import Report, compare
from s02_train_neucf.evaluation.metrics import NAMES, Interval, PerUser, mean_per_user
from s02_train_neucf.evaluation.shared_errors import PairDifferences, interval_of
from s02_train_neucf.gate.cuts import MIN_ASKED, MIN_JUDGED, N_CUTS, NIGHTLY_RISK, ReplayCut
from s02_train_neucf.gate.pair_gains import PairGains
from s02_train_neucf.gate.served_shares import ServedShares, served_shares
from shared.distinct import distinct
from shared.neucf.serving_order import ServingOrder

if TYPE_CHECKING:
    from s02_train_neucf.gate.replay import CutFigures

NEUCF, NEUCF_RAW = "neucf", "neucf without serving order"
CHOSEN_BY = "ndcg@10"
PLAIN = 0  # index in the grid of the order that is the model's score alone


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedCut:
    """One judged cut."""

    cut: ReplayCut
    n_steps: int  # with test users
    n_users: int
    order: ServingOrder  # chosen on the cuts before


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The replay as a whole."""

    cuts: tuple[ReplayedCut, ...]
    order: ServingOrder  # chosen on all cuts; part of the model's manifest
    report: Report | None  # None if there is too little data
    missing: str  # what is missing; empty if there is enough data
    # Baseline -> by how much NeuCF's NDCG@10 is above it, missed with NIGHTLY_RISK on either side.
    gains: Mapping[str, Interval] = field(default_factory=dict)
    n_posts: float = 0.0  # that decide: as many as would spread their likes as evenly (1 / Σ share²)
    served: ServedShares = field(default_factory=ServedShares)  # what the judged likes came from


def replay_of(
    cuts: "Sequence[CutFigures]",
    orders: Sequence[ServingOrder],
    *,
    n_warm_up: int,
    n_posts: int,
    min_known: int,
    generator: np.random.Generator,
) -> Replay:
    """Choose each cut's serving order on the cuts before it, and pool the figures of all cuts by user.

    Args:
        cuts: in order of time, including the warm-up.
        orders: the grid that `by_order` of the cuts is about; the first one is the score alone.
        n_warm_up: cuts at the beginning that are not judged.
        n_posts: number of all posts, for the protocol.
        min_known: likes that test users had, for the protocol.
        generator: of the bootstrap.
    """
    choices, judged = chosen_orders(cuts)[n_warm_up:], cuts[n_warm_up:]
    replayed = tuple(
        ReplayedCut(cut=cut.cut, n_steps=cut.n_steps, n_users=len(cut.user_id_hashes), order=orders[choice])
        for cut, choice in zip(judged, choices, strict=True)
    )
    order, missing = orders[best_order(cuts)], _missing(judged)
    if missing:
        return Replay(cuts=replayed, order=order, report=None, missing=missing)
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
        cuts=replayed, order=order, report=report, missing="",
        gains=gains, n_posts=_effective_posts(deciding), served=served,
    )  # fmt: skip


def chosen_orders(cuts: "Sequence[CutFigures]") -> list[int]:
    """For each cut, the index of the order that was best on the cuts before it, without looking at itself."""
    return [best_order(cuts[:index]) for index in range(len(cuts))]


def best_order(cuts: "Sequence[CutFigures]") -> int:
    """The index of the order that was best on these cuts; the score alone if there are too few test users."""
    if not cuts:
        return PLAIN
    users = np.concatenate([cut.user_id_hashes for cut in cuts])
    metric = NAMES.index(CHOSEN_BY)
    values = np.concatenate([cut.by_order[:, :, metric] for cut in cuts], axis=1)  # (n_orders, n_user_cuts)
    if len(distinct(users)) < MIN_ASKED:
        return PLAIN
    mean_of_order = mean_per_user(users, values.T)[1].mean(axis=0)
    return int(np.argmax(mean_of_order))  # of equal ones the first, which is the simplest


def _pooled(cuts: "Sequence[CutFigures]", choices: Sequence[int]) -> Mapping[str, Mapping[str, PerUser]]:
    """For each system and metric, one value per user: the mean of their cuts."""
    users = np.concatenate([cut.user_id_hashes for cut in cuts])
    systems = {
        NEUCF: [cut.by_order[choice] for cut, choice in zip(cuts, choices, strict=True)],
        NEUCF_RAW: [cut.by_order[PLAIN] for cut in cuts],
        **{name: [cut.baselines[name] for cut in cuts] for name in cuts[0].baselines},
    }
    pooled = {name: mean_per_user(users, np.concatenate(parts))[1] for name, parts in systems.items()}
    return {name: dict(zip(NAMES, values.T, strict=True)) for name, values in pooled.items()}


def _pooled_pairs(cuts: "Sequence[CutFigures]", choices: Sequence[int]) -> PairGains:
    """The parts of all users' figures: of the baselines in their order, then of NeuCF."""
    n_baselines = len(cuts[0].baselines)
    users, n_cuts = np.unique(np.concatenate([cut.user_id_hashes for cut in cuts]), return_counts=True)
    of_cuts = [
        cut.pairs.of_systems([*range(n_baselines), n_baselines + choice])
        for cut, choice in zip(cuts, choices, strict=True)
    ]
    return PairGains.joined(of_cuts, n_systems=n_baselines + 1).averaged(users, n_cuts)


def _gains(pairs: PairGains, baselines: Iterable[str], generator: np.random.Generator) -> dict[str, Interval]:
    """For each baseline, the interval of NeuCF's gain over it."""
    user, post = (np.unique(column, return_inverse=True)[1] for column in (pairs.user_id_hashes, pairs.posts))
    return {
        name: interval_of(
            PairDifferences(users=user, posts=post, shares=pairs.shares, differences=pairs.gains[-1] - gains),
            risk=NIGHTLY_RISK, generator=generator,
        )
        for name, gains in zip(baselines, pairs.gains, strict=False)
    }  # fmt: skip


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
