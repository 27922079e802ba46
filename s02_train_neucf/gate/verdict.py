"""The gate: a model goes live only if it is proven better than what the app shows without it, and if it works."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s02_train_neucf.gate.baselines import GATE_BASELINES
from s02_train_neucf.gate.cuts import MIN_JUDGED_POSTS, NIGHTLY_RISK

if TYPE_CHECKING:
    from s02_train_neucf.evaluation.evaluate import Report
    from s02_train_neucf.evaluation.metrics import Interval
    from s02_train_neucf.gate.list_diversity import ListDiversity
    from s02_train_neucf.gate.replay_report import Replay

GATE_METRIC = "ndcg@10"  # the first page is about ten posts, and their order counts
# Twice what one list for everybody reaches in a window of a thousand posts (2 %); the demo's models reached 6 to 11 %.
MIN_COVERAGE = 0.04  # of the most posts that so many lists could hold
MIN_CANARIES = 2  # lists; fewer cannot be compared
MAX_OVERLAP = 0.9  # mean, of two lists: with 18 of 20 posts in common all users get the same list


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """One requirement of a model."""

    passed: bool
    sentence: str  # the result, and for a failed check what was expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to promote, and the results of all checks."""

    checks: tuple[GateCheck, ...]

    @property
    def promote(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """All results if the model is promoted, else the failed ones."""
        return " ".join(check.sentence for check in self.checks if self.promote or not check.passed)


def verdict(replay: "Replay", *, finite: bool, diversity: "ListDiversity | None") -> Verdict:
    """Promote when every check passes.

    Args:
        replay: pooled over its cuts.
        finite: whether every weight of the model is a finite number.
        diversity: of the model's lists; None if it cannot score.
    """
    checks = [beats_baselines(replay), finite_weights(finite=finite)]
    if diversity is not None:
        checks += [covers_enough(diversity), not_all_alike(diversity)]
    return Verdict(checks=tuple(checks))


def beats_baselines(
    replay: "Replay", baselines: Sequence[str] = GATE_BASELINES, metric: str = GATE_METRIC
) -> GateCheck:
    """Whether the model is proven better than the best baseline: the interval of its gain is above zero."""
    report = replay.report
    if report is None:
        return GateCheck(passed=False, sentence=f"No replay is possible yet; wait for data: got {replay.missing}.")
    best = _best_of(replay, baselines)
    figures, served = _figures(report, replay.gains[best], best, metric), f" {replay.served.sentence}".rstrip()
    if replay.n_posts < MIN_JUDGED_POSTS:
        spread = (
            f"the likes are on as few posts as {replay.n_posts:.1f} equally liked ones, expected {MIN_JUDGED_POSTS}"
        )
        return GateCheck(passed=False, sentence=f"{figures}: not proven better, {spread}.{served}")
    if replay.gains[best].low > 0:
        return GateCheck(passed=True, sentence=f"{figures}: better.{served}")
    return GateCheck(passed=False, sentence=f"{figures}: not proven better, its lower end must be above zero.{served}")


def still_ahead(replay: "Replay", baselines: Sequence[str] = GATE_BASELINES, metric: str = GATE_METRIC) -> GateCheck:
    """Whether a champion, on likes since its training, is above the best baseline at least in the mean.

    The interval is not asked: a model that is a little better would often be demoted, and serve a third of the nights
    (ADR 32).
    """
    report = replay.report
    if report is None:
        return GateCheck(passed=True, sentence=f"It cannot be judged: got {replay.missing}.")
    best = _best_of(replay, baselines)
    is_ahead = replay.gains[best].mean > 0
    figures = f"On likes since its training, {_figures(report, replay.gains[best], best, metric)}"
    found = f"{figures}: ahead." if is_ahead else f"{figures}: not ahead any more."
    by_whom = replay.served.sentence
    if replay.served.is_of_models and not replay.served.decides:
        by_whom += " So the champion is judged by likes on what it may have served itself."
    return GateCheck(passed=is_ahead, sentence=f"{found} {by_whom}".rstrip())


def _best_of(replay: "Replay", baselines: Sequence[str]) -> str:
    """The best baseline for those who decide: the one over which the gain is smallest."""
    return min(baselines, key=lambda name: replay.gains[name].mean)


def _figures(report: "Report", gain: "Interval", best: str, metric: str) -> str:
    """The figures of all users, and the gain of those who decide."""
    ours, baseline = report.figures[report.ours][metric], report.figures[best][metric]
    return (
        f"{metric} {ours} against {baseline} of {best} on {report.n_users} users; gain {gain}"
        f" ({1 - 2 * NIGHTLY_RISK:.1%} interval over users and posts)"
    )


def finite_weights(*, finite: bool) -> GateCheck:
    """Whether the model can score at all."""
    if finite:
        return GateCheck(passed=True, sentence="All weights are finite.")
    return GateCheck(
        passed=False, sentence="Weights hold NaN or infinity, expected finite numbers; look at the vectors."
    )


def covers_enough(diversity: "ListDiversity") -> GateCheck:
    """Whether the lists cover enough posts."""
    found = f"The lists of {diversity.n_users} users reach {diversity.coverage:.1%} of the posts that they could hold"
    if diversity.coverage >= MIN_COVERAGE:
        return GateCheck(passed=True, sentence=f"{found}.")
    return GateCheck(passed=False, sentence=f"{found}, expected at least {MIN_COVERAGE:.0%}.")


def not_all_alike(diversity: "ListDiversity") -> GateCheck:
    """Whether the lists of different users differ."""
    if diversity.n_canaries < MIN_CANARIES:
        return GateCheck(
            passed=False, sentence=f"Got {diversity.n_canaries} users to compare lists of, expected {MIN_CANARIES}."
        )
    found = f"Lists of {diversity.n_canaries} canary users have {diversity.overlap:.0%} of their posts in common"
    if diversity.overlap < MAX_OVERLAP:
        return GateCheck(passed=True, sentence=f"{found}.")
    return GateCheck(passed=False, sentence=f"{found}: they are all alike, expected below {MAX_OVERLAP:.0%}.")
