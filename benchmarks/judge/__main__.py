"""`python -m benchmarks.judge`: how often the gate promotes what is no better, and misses what is.

Made-up worlds in which the truth is known: two rankers that are equally good promote nothing, whatever users have in
common; a ranker that is better is found. "before" is the rule that this one replaced: the 95 % bootstrap over users.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import sqrt

from benchmarks.figures import Bound, Result, Row, at_most, parser, refusals, report
from benchmarks.judge import measure, worlds
from benchmarks.judge.measure import NOMINAL, RULES, Share
from benchmarks.judge.worlds import Noise
from s02_train_neucf.gate.cuts import MIN_JUDGED, NIGHTLY_RISK
from shared.jobs.progress_bars import bars

DECISIONS, WORLDS, INTERVALS, POWERS = 1_000, 100, 1_000, 200
QUICK = 10  # by how much fewer with --quick
NIGHTS, MOST_IN_A_MONTH = 30, 0.05
USERS = (80, 150, 500)
GAINS = (0.05, 0.10, 0.20)
NOISY_USERS = 150
COVERED_USERS = (30, 80, 150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is counted, how, and the share that the present rule may reach; None: no bound."""

    what: str
    ask: Callable[[], dict[str, Share]]
    most: float | None = None

    def bound(self, found: Share) -> Bound | None:
        """The bound, with the half-width of a 95 % binomial interval around it."""
        if self.most is None:
            return None
        chance = 1.96 * sqrt(self.most * (1 - self.most) / found.of)
        return at_most(f"{self.what}, % of {found.of:,}", 100 * found.value, round(100 * (self.most + chance), 2))


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = parser("judge", __doc__).parse_args(arguments)
    questions = list(_questions(QUICK if given.quick else 1, given.seed))
    rows: list[Row] = []
    bounds: list[Bound | None] = []
    with refusals("judge"), bars() as progress:
        for index, question in enumerate(questions):
            progress("judge", index, len(questions))
            found = question.ask()
            rows += [
                Row(system=question.what, metric=rule, value=round(100 * found[rule].value, 2), unit="%")
                for rule in RULES
            ]
            bounds.append(question.bound(found["now"]))
    notes = {"seed": f"{given.seed}", "nightly risk": f"{NIGHTLY_RISK:.2%}", "users at least": f"{MIN_JUDGED}"}
    title = "decisions of the gate where the truth is known: before, a 95 % bootstrap over users, and now"
    kept = [bound for bound in bounds if bound is not None]
    return report(Result(title=title, rows=rows, bounds=kept, notes=notes), given.json)


def _questions(fewer: int, seed: int) -> Iterator[Question]:
    for noise in Noise:
        yield Question(
            what=f"equal rankers promoted, errors {noise}, {NOISY_USERS} users",
            ask=partial(measure.false_promotions, noise, n_users=NOISY_USERS, decisions=DECISIONS // fewer, seed=seed),
            most=NOMINAL,
        )
    for noise in Noise:
        yield Question(
            what=f"equal rankers promoted within {NIGHTS} nights, errors {noise}, {NOISY_USERS} users",
            ask=partial(
                measure.worlds_with_a_promotion, noise,
                n_users=NOISY_USERS, n_nights=NIGHTS, n_worlds=WORLDS // fewer, seed=seed,
            ),
            most=MOST_IN_A_MONTH,
        )  # fmt: skip
    for n_users in (COVERED_USERS[0], MIN_JUDGED, NOISY_USERS):
        yield Question(
            what=f"promoted though few lose what many gain, {n_users} users",
            ask=partial(
                measure.false_promotions_of_the_skewed, n_users=n_users, decisions=DECISIONS // fewer, seed=seed
            ),
            most=NOMINAL if n_users >= MIN_JUDGED else None,
        )
    for noise in (Noise.PAIR, Noise.POST):
        for n_users in USERS:
            for gain in GAINS:
                yield Question(
                    what=f"better by {gain:.0%} and promoted, errors {noise}, {n_users} users",
                    ask=partial(measure.power, noise, gain, n_users=n_users, decisions=POWERS // fewer, seed=seed),
                )
    for gain in GAINS:
        yield Question(
            what=f"better by {gain:.0%} and promoted within {NIGHTS} nights, errors {Noise.PAIR}, {NOISY_USERS} users",
            ask=partial(
                measure.worlds_with_a_promotion, Noise.PAIR, gain=gain,
                n_users=NOISY_USERS, n_nights=NIGHTS, n_worlds=WORLDS // 2 // fewer, seed=seed,
            ),
        )  # fmt: skip
    for name, world in (("symmetric", worlds.symmetric), ("skewed", worlds.skewed)):
        for n_users in COVERED_USERS:
            yield Question(
                what=f"95 % intervals that hold the truth, {name}, {n_users} users",
                ask=partial(measure.coverage, partial(world, n_users=n_users), intervals=INTERVALS // fewer, seed=seed),
            )


if __name__ == "__main__":
    sys.exit(main())
