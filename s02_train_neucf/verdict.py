"""The gate: a model goes live only by proof against what the app would show without it."""

from collections.abc import Sequence
from dataclasses import dataclass

from s02_train_neucf.evaluate import Report

GATE_METRIC = "ndcg@10"  # the first page is about ten posts, and order within it counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to promote, and why, with both figures."""

    promote: bool
    reason: str


def verdict(report: Report, rivals: Sequence[str], metric: str = GATE_METRIC) -> Verdict:
    """Promote when the paired interval against the better of the rivals excludes zero.

    Args:
        report: figures of our model and of the rivals, on the same users.
        rivals: names of the systems to beat, at least one, such as popularity and heuristic.
        metric: what decides.
    """
    rival = max(rivals, key=lambda name: report.figures[name][metric].mean)
    ours, theirs = report.figures[report.ours][metric], report.figures[rival][metric]
    gain = report.differences[rival][metric]
    promote = gain.low > 0
    figures = f"{metric} {ours} against {theirs} of {rival} on {report.n_users} users; difference {gain}"
    judged = "better" if promote else "not proven better: the difference must be above zero at its lower end"
    return Verdict(promote=promote, reason=f"{figures}: {judged}")
