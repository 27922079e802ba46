"""The steps of a training in order, and the share of each in its time, estimated from the last training."""

from collections.abc import Mapping

from s02_train_neucf.gate.cuts import N_CUTS, N_WARM_UP
from s02_train_neucf.learning.curves import EpochResult
from shared.run_progress import ReportProgress, RunProgress

# Seconds by stage of a first training of the demo on one core (`stages` of its report); only their ratios count.
USUAL_STAGES = {
    "start": 5.0, "encode": 40.0, "load": 0.5, "epochs": 55.0, "validation": 2.0, "replay": 20.0, "exams": 10.0,
    "rest": 5.0,
}  # fmt: skip
# Times of a fit with search, of one that starts from the warm-up's model, and of all members, relative to one fit.
SEARCHED, WARM, MEMBERS = 2.5, 0.4, 3.0

START, CAPTIONS, PHOTOS, LOADING, SAVING = "start", "captions", "photos", "loading", "judging and saving"
WARM_UP, GLOBAL, PER_USER, ALL_DATA = "warm-up", "global", "per user", "all data"
N_MODELS = {WARM_UP: 3, ALL_DATA: int(MEMBERS)}  # models trained in one fit; 1 in all others


TRAINING = "training and replay"  # all steps in between, where they run side by side
ALONE = (START, CAPTIONS, PHOTOS, LOADING, SAVING)  # steps that do not
PARTS = 1000  # that side by side is reported in


def training_step(cut: str) -> str:
    """The name of the step that trains a model on a cut."""
    return f"training, {cut}"


def replay_step(cut: str) -> str:
    """The name of the step that replays a cut."""
    return f"replay, {cut}"


def all_posts_step(cut: str) -> str:
    """The name of the step that ranks all posts with every system."""
    return f"all posts, {cut}"


def shares(stages: Mapping[str, float] | None) -> dict[str, float]:
    """Step -> its share, in the order of the steps.

    Args:
        stages: seconds by stage from the report of the last training; None: there was none.
    """
    seconds = stages if stages else USUAL_STAGES
    fits = seconds.get("epochs", 0.0) + seconds.get("validation", 0.0)
    cuts = [WARM_UP] * N_WARM_UP + [cut_name(number) for number in range(1, N_CUTS + 1)]
    each_fit = fits / (1 + SEARCHED + N_CUTS * WARM + MEMBERS)
    each_replay, seconds_per_cut = seconds.get("replay", 0.0) / len(cuts), seconds.get("exams", 0.0) / 2
    plan = {
        START: seconds.get("start", 0.0),
        CAPTIONS: seconds.get("encode", 0.0) / 2,
        PHOTOS: seconds.get("encode", 0.0) / 2,
        LOADING: seconds.get("load", 0.0),
    }
    for index, cut in enumerate(cuts):
        plan[training_step(cut)] = each_fit * (SEARCHED if cut == WARM_UP else WARM)
        if index == N_WARM_UP:
            plan[all_posts_step(GLOBAL)] = seconds_per_cut
        plan[replay_step(cut)] = each_replay
    return plan | {
        training_step(PER_USER): each_fit,
        all_posts_step(PER_USER): seconds_per_cut,
        training_step(ALL_DATA): each_fit * MEMBERS,
        SAVING: seconds.get("rest", 0.0),
    }


def cut_name(number: int) -> str:
    """The name of a judged cut; they count from 1."""
    return f"cut {number}"


class EpochsReported:
    """Reports the epochs of a fit as one step that only grows, although they start again at 1 with each model."""

    def __init__(self, report: ReportProgress) -> None:
        self._report = report
        self._n_started: dict[str, int] = {}  # models by cut; cuts may alternate

    def add(self, cut: str, epoch: EpochResult) -> None:
        """Report an epoch; `cut` may end in “ of 5”."""
        cut = cut.partition(" of ")[0]
        n_started = self._n_started[cut] = self._n_started.get(cut, 0) + (epoch.number == 1)
        n_models = max(N_MODELS.get(cut, 1), n_started)
        self._report(training_step(cut), (n_started - 1) * epoch.of + epoch.number, n_models * epoch.of)


class OverlappingSteps:
    """Reports steps that run side by side as one, which grows with each of them by its share."""

    def __init__(self, progress: RunProgress, shares: Mapping[str, float]) -> None:
        self._progress = progress
        self._shares = {step: share for step, share in shares.items() if step not in ALONE}
        self._done = dict.fromkeys(self._shares, 0.0)  # part of each, from 0 to 1
        before = {step: share for step, share in shares.items() if step in ALONE and step != SAVING}
        progress.plan(before | {TRAINING: sum(self._shares.values()), SAVING: shares[SAVING]})

    def report(self, step: str, done: int, total: int) -> None:
        """As `RunProgress.report`, of a step that others may overlap."""
        if step not in self._done:
            self._progress.report(step, done, total)
            return
        self._done[step] = max(self._done[step], done / total if total else 1.0)
        part = sum(share * self._done[each] for each, share in self._shares.items())
        self._progress.report(TRAINING, round(PARTS * part / (sum(self._shares.values()) or 1.0)), PARTS)
