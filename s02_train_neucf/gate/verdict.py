"""The gate: a model goes live only by proof against what the app would show without it, and in working order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s02_train_neucf.gate.rank_at import HEURISTIC, POPULARITY

if TYPE_CHECKING:
    from s02_train_neucf.gate.list_diversity import ListDiversity
    from s02_train_neucf.gate.replay_report import Replay

GATE_BASELINES = (POPULARITY, HEURISTIC)  # what the app shows without a model: more than the better one is asked for
GATE_METRIC = "ndcg@10"  # the first page is about ten posts, and order within it counts
# Twice what one list for everybody reaches in a window of a thousand posts (2 %); the demo's models reached 6 to 11 %.
MIN_COVERAGE = 0.04  # of the posts that as many lists could hold
MIN_CANARIES = 2  # lists, below which nothing can be alike
MAX_OVERLAP = 0.9  # of two lists, on the mean: 18 of 20 posts in common is one list for everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """One thing that is asked of a model."""

    passed: bool
    sentence: str  # what was found, and, where it failed, what was expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to promote, and what was found."""

    checks: tuple[GateCheck, ...]

    @property
    def promote(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """Of a yes all that was found; of a no what failed."""
        return " ".join(check.sentence for check in self.checks if self.promote or not check.passed)


def verdict(replay: "Replay", *, finite: bool, diversity: "ListDiversity | None") -> Verdict:
    """Promote when every check passes.

    Args:
        replay: pooled over its cuts.
        finite: whether every weight of the model is a finite number.
        spread: of the model's lists; None where it could not be scored with.
    """
    checks = [beats_baselines(replay), finite_weights(finite=finite)]
    if diversity is not None:
        checks += [covers_enough(diversity), not_all_alike(diversity)]
    return Verdict(checks=tuple(checks))


def beats_baselines(
    replay: "Replay", baselines: Sequence[str] = GATE_BASELINES, metric: str = GATE_METRIC
) -> GateCheck:
    """Whether the paired interval against the better of what the app could show without a model excludes zero."""
    report = replay.report
    if report is None:
        return GateCheck(passed=False, sentence=f"No replay is possible yet; wait for data: got {replay.missing}.")
    rival = max(baselines, key=lambda name: report.figures[name][metric].mean)
    ours, theirs = report.figures[report.ours][metric], report.figures[rival][metric]
    gain = report.differences[rival][metric]
    figures = f"{metric} {ours} against {theirs} of {rival} on {report.n_users} users; difference {gain}"
    if gain.low > 0:
        return GateCheck(passed=True, sentence=f"{figures}: better.")
    return GateCheck(passed=False, sentence=f"{figures}: not proven better, its lower end must be above zero.")


def finite_weights(*, finite: bool) -> GateCheck:
    """Whether the model can be scored with at all."""
    if finite:
        return GateCheck(passed=True, sentence="All weights are finite.")
    return GateCheck(
        passed=False, sentence="Weights hold NaN or infinity, expected finite numbers; look at the vectors."
    )


def covers_enough(diversity: "ListDiversity") -> GateCheck:
    """Whether the lists reach enough of what they could."""
    found = f"The lists of {diversity.n_users} users reach {diversity.coverage:.1%} of the posts that they could hold"
    if diversity.coverage >= MIN_COVERAGE:
        return GateCheck(passed=True, sentence=f"{found}.")
    return GateCheck(passed=False, sentence=f"{found}, expected at least {MIN_COVERAGE:.0%}.")


def not_all_alike(diversity: "ListDiversity") -> GateCheck:
    """Whether the model tells people apart."""
    if diversity.n_canaries < MIN_CANARIES:
        return GateCheck(
            passed=False, sentence=f"Got {diversity.n_canaries} users to compare lists of, expected {MIN_CANARIES}."
        )
    found = f"Lists of {diversity.n_canaries} canary users have {diversity.overlap:.0%} of their posts in common"
    if diversity.overlap < MAX_OVERLAP:
        return GateCheck(passed=True, sentence=f"{found}.")
    return GateCheck(passed=False, sentence=f"{found}: they are all alike, expected below {MAX_OVERLAP:.0%}.")
