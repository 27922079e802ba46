"""Whether an app has enough data for phase 2: counts that runs have stored, and a sentence about them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain import JOB_OF_PHASE, Phase

# Below these a model has too little to learn from. This is our judgement: MovieLens-100K, a small data set, has 55,000
# positives by 940 users on 1,700 posts; with a tenth of that, metrics begin to vary at random.
MIN_POSITIVES = 5_000
MIN_WARM_USERS = 100
MIN_POSTS = 200
NOT_READY = "not ready"  # how the reason begins when data is missing: this is no fault, and needs no attention
POSITIVES = "likes, comments, saves and shares (one per user and post)"  # the one way of counting them
NUMBERS = {1: "one like", 2: "two likes", 3: "three likes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingAmounts:
    """The data that a model could learn from."""

    events: int
    positives: int  # distinct pairs of a user and a post
    warm_users: int  # with `min_positives` positives or more
    posts: int
    min_positives: int  # COLD_MIN_POSITIVES of the run that counted
    days: float  # how far back it looked


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """The counts in a run's report."""

    amounts: TrainingAmounts
    by: str  # the job
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVerdict:
    """The gate's verdict on a model."""

    version: int
    accepted: bool
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demotion:
    """The demotion of the last champion by the gate, while no other model has taken its place."""

    version: int
    at: datetime | None  # None: it is not on record any more

    @property
    def words(self) -> str:
        """Who, when and why; continues the words "The gate demoted …"."""
        when = "" if self.at is None else f" on {self.at:%Y-%m-%d at %H:%M} UTC"
        return f"model {self.version}{when}: it was not ahead any more on the likes since its training"


def run_counts_of(report: Mapping[str, Any] | None, *, by: str, at: datetime | None) -> RunCounts | None:
    """The counts in a run's report; None if it has none, as in reports of earlier versions."""
    found = (report or {}).get("amounts")
    if not isinstance(found, Mapping) or at is None or found.keys() != set(TrainingAmounts.__dataclass_fields__):
        return None
    return RunCounts(amounts=TrainingAmounts(**found), by=by, at=at)


def shortfalls(amounts: TrainingAmounts) -> list[str]:
    """For each amount that is too small, a phrase that says so."""
    likes = NUMBERS.get(amounts.min_positives, f"{amounts.min_positives:,} likes")
    checks = (
        (amounts.warm_users, MIN_WARM_USERS, f"users have {likes}"),
        (amounts.positives, MIN_POSITIVES, f"{POSITIVES} are there"),
        (amounts.posts, MIN_POSTS, "posts are there"),
    )
    return [f"{got:,} of {wanted:,} {words}" for got, wanted, words in checks if got < wanted]


def readiness_sentence(
    found: RunCounts | None,
    newest: ModelVerdict | None,
    champion: ModelVerdict | None,
    demotion: Demotion | None = None,
) -> str:
    """Whether phase 2 is possible, and what is missing; continues the words "Phase 2 is …"."""
    if champion is not None:
        proof = "passed its gate" if champion.accepted else "was promoted against the gate"
        later = newest is not None and newest.version != champion.version and not newest.accepted
        return f"ready: model {champion.version} {proof}" + (
            f"; the gate rejected the newest, model {newest.version}" if newest is not None and later else ""
        )
    if demotion is not None:
        return (
            f"not proven any more: the gate demoted {demotion.words}; no neucf lists are published until a model passes"
        )
    if found is None:
        return "not known yet: the next heuristic run counts"
    missing = shortfalls(found.amounts)
    if missing:
        return f"{NOT_READY}: {'; '.join(missing)}"
    if newest is not None:
        return f"not proven yet: there is enough data, but the gate rejected model {newest.version}"
    return "ready to train: there is enough data, and no model was trained yet"


def phase_warning(
    phase: Phase, *, has_champion: bool, has_lists: bool | None, demotion: Demotion | None = None
) -> str | None:
    """Why nobody is shown the lists of the phase in force, or not for long; None if they are shown.

    Args:
        phase: in force.
        has_champion: whether a model is promoted.
        has_lists: whether the phase's lists have been published; None: Redis does not say.
        demotion: of the last champion, if that is why there is none.
    """
    if phase is Phase.NEUCF and not has_champion and demotion is not None:
        heuristics = "everybody gets the heuristic's list"
        lists = {
            True: f"Its lists are still served; the next scoring run deletes them, and then {heuristics}",
            False: f"Its lists are deleted: {heuristics}",
            None: f"Once a scoring run has deleted its lists, {heuristics}",
        }
        return (
            f"The gate demoted {demotion.words}. {lists[has_lists]} until a model passes; `warmline rollback` brings it"
            " back."
        )
    if phase is Phase.NEUCF and not has_champion:
        return (
            "No neucf lists have been published yet, for no model is promoted: everybody goes on with the heuristic's"
            " list until one is; `warmline models` says how far training is."
        )
    if has_lists is False:
        return (
            f"No {phase} lists have been published yet: until then users get the next source in order;"
            f" `warmline run {JOB_OF_PHASE[phase]}` publishes them."
        )
    return None
