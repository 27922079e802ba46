"""What the replayed cuts come to together: a serving order that was never tuned on what it is judged on. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from s02_train_neucf.evaluation.evaluate import Report, compare
from s02_train_neucf.evaluation.metrics import NAMES, PerUser, mean_per_user
from s02_train_neucf.gate.cuts import MIN_ASKED, N_CUTS, ReplayCut
from shared.distinct import distinct
from shared.neucf.serving_order import ServingOrder

if TYPE_CHECKING:
    from s02_train_neucf.gate.replay import CutFigures

NEUCF, NEUCF_RAW = "neucf", "neucf without serving order"
CHOSEN_BY = "ndcg@10"
PLAIN = 0  # place of the order that is the model's score alone, in the grid


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedCut:
    """One cut as it went."""

    cut: ReplayCut
    n_steps: int  # with somebody to ask
    n_users: int
    order: ServingOrder  # chosen on the cuts before


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The replay as a whole."""

    cuts: tuple[ReplayedCut, ...]
    order: ServingOrder  # chosen on all cuts: what ships with the model
    report: Report | None  # None where the data are too thin
    missing: str  # what the data lack; empty when they suffice


def replay_of(
    cuts: "Sequence[CutFigures]",
    orders: Sequence[ServingOrder],
    *,
    n_warm_up: int,
    n_posts: int,
    min_known: int,
    generator: np.random.Generator,
) -> Replay:
    """Choose each cut's serving order on the cuts before it, and pool what the cuts came to, user by user.

    Args:
        cuts: in order of time, with those of the warm-up.
        orders: the grid that `by_order` of the cuts is about; the first one is the score alone.
        n_warm_up: cuts at the beginning that only choose and are not judged.
        n_posts: that there are, for the protocol.
        min_known: likes that the users had, for the protocol.
        generator: of the bootstrap.
    """
    choices, judged = chosen_orders(cuts)[n_warm_up:], cuts[n_warm_up:]
    told = tuple(
        ReplayedCut(cut=each.cut, n_steps=each.n_steps, n_users=len(each.user_id_hashes), order=orders[choice])
        for each, choice in zip(judged, choices, strict=True)
    )
    order, missing = orders[best_order(cuts)], _missing(judged)
    if missing:
        return Replay(cuts=told, order=order, report=None, missing=missing)
    protocol = (
        f"replay of {len(judged)} cuts in {sum(each.n_steps for each in judged)} steps; what the timeline could have "
        f"shown at each step is ranked; users with {min_known} likes or more by then"
    )
    report = compare(_pooled(judged, choices), ours=NEUCF, protocol=protocol, n_posts=n_posts, generator=generator)
    return Replay(cuts=told, order=order, report=report, missing="")


def chosen_orders(cuts: "Sequence[CutFigures]") -> list[int]:
    """For each cut the place of the order that was best on the cuts before it, and so without a look at itself."""
    return [best_order(cuts[:place]) for place in range(len(cuts))]


def best_order(cuts: "Sequence[CutFigures]") -> int:
    """The place of the order that was best on these cuts; the score alone where too few were asked to tell."""
    if not cuts:
        return PLAIN
    users = np.concatenate([each.user_id_hashes for each in cuts])
    metric = NAMES.index(CHOSEN_BY)
    values = np.concatenate([each.by_order[:, :, metric] for each in cuts], axis=1)  # (n_orders, n_user_cuts)
    if len(distinct(users)) < MIN_ASKED:
        return PLAIN
    return int(
        np.argmax(mean_per_user(users, values.T)[1].mean(axis=0))
    )  # of equal ones the first, which is the simpler


def _pooled(cuts: "Sequence[CutFigures]", choices: Sequence[int]) -> Mapping[str, Mapping[str, PerUser]]:
    """For each system and metric one value per user, who counts once: the mean of their cuts."""
    users = np.concatenate([each.user_id_hashes for each in cuts])
    systems = {
        NEUCF: [each.by_order[choice] for each, choice in zip(cuts, choices, strict=True)],
        NEUCF_RAW: [each.by_order[PLAIN] for each in cuts],
        **{name: [each.baselines[name] for each in cuts] for name in cuts[0].baselines},
    }
    pooled = {name: mean_per_user(users, np.concatenate(parts))[1] for name, parts in systems.items()}
    return {name: dict(zip(NAMES, values.T, strict=True)) for name, values in pooled.items()}


def _missing(cuts: "Sequence[CutFigures]") -> str:
    n_cuts = sum(len(each.user_id_hashes) > 0 for each in cuts)
    n_users = len(distinct(np.concatenate([np.zeros(0, np.int64), *(each.user_id_hashes for each in cuts)])))
    lacking = []
    if n_cuts < N_CUTS:
        lacking.append(f"{n_cuts} cuts with somebody to ask, expected {N_CUTS}")
    if n_users < MIN_ASKED:
        lacking.append(f"{n_users} users to ask, expected {MIN_ASKED}")
    return "; ".join(lacking)
