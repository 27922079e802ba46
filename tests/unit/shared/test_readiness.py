"""The meter of phase 2: what is counted, and the sentence about it."""

from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from shared.candidates.training_amounts import amounts_of
from shared.domain import KIND_CODES, InteractionKind, Phase
from shared.readiness import (
    Demotion,
    ModelVerdict,
    RunCounts,
    TrainingAmounts,
    phase_warning,
    readiness_sentence,
    run_counts_of,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ENOUGH = TrainingAmounts(events=60_000, positives=50_000, warm_users=900, posts=1700, min_positives=3, days=730.0)
GOOD, BAD = (ModelVerdict(version=3, accepted=yes, verdict="…") for yes in (True, False))


def of(**changes: int) -> RunCounts:
    return RunCounts(amounts=replace(ENOUGH, **changes), by="train", at=NOW)


@pytest.mark.parametrize(
    ("found", "newest", "champion", "expected"),
    [
        (None, None, None, "not known yet: the next heuristic run counts"),
        (of(warm_users=12), None, None, "not ready: 12 of 100 users have three likes"),
        (
            of(warm_users=12, posts=7),
            BAD,
            None,
            "not ready: 12 of 100 users have three likes; 7 of 200 posts are there",
        ),
        (of(), None, None, "ready to train: there is enough data, and no model was trained yet"),
        (of(), BAD, None, "not proven yet: there is enough data, but the gate rejected model 3"),
        (of(), GOOD, GOOD, "ready: model 3 passed its gate"),
        (of(), BAD, BAD, "ready: model 3 was promoted against the gate"),
        (
            of(),
            replace(BAD, version=5),
            GOOD,
            "ready: model 3 passed its gate; the gate rejected the newest, model 5",
        ),
    ],
)
def test_the_sentence_says_what_is_missing(
    found: RunCounts | None, newest: ModelVerdict | None, champion: ModelVerdict | None, expected: str
) -> None:
    assert readiness_sentence(found, newest, champion) == expected


def test_after_a_demotion_the_sentence_says_when_it_was_and_what_is_served() -> None:
    demotion = Demotion(version=3, at=datetime(2026, 11, 21, 3, 20, tzinfo=UTC))
    sentence = readiness_sentence(of(), GOOD, None, demotion)
    assert sentence.startswith("not proven any more: the gate demoted model 3 on 2026-11-21 at 03:20 UTC: it was not")
    assert sentence.endswith("no neucf lists are published until a model passes")


def test_a_demotion_that_is_not_on_record_any_more_has_no_date() -> None:
    assert Demotion(version=3, at=None).words.startswith("model 3: it was not ahead any more")


def test_where_redis_does_not_say_a_demotion_promises_no_list() -> None:
    demotion = Demotion(version=3, at=NOW)
    warning = phase_warning(Phase.NEUCF, has_champion=False, has_lists=None, demotion=demotion)
    assert warning is not None
    assert "Once a scoring run has deleted its lists, everybody gets the heuristic's list" in warning
    assert phase_warning(Phase.HEURISTIC, has_champion=False, has_lists=True, demotion=demotion) is None


def test_a_positive_is_a_user_and_a_post_however_often_and_a_view_is_none() -> None:
    like, save, view = (
        KIND_CODES[InteractionKind.LIKE],
        KIND_CODES[InteractionKind.SAVE],
        KIND_CODES[InteractionKind.VIEW],
    )
    events = [(1, 10, like), (1, 10, save), (1, 11, like), (2, 10, like), (2, 11, view), (2, 12, view)]
    users, posts, kinds = (np.array(column) for column in zip(*events, strict=True))
    got = amounts_of(users, posts, kinds.astype(np.int16), n_posts=9, min_positives=2, days=14.0)
    assert got == asdict(TrainingAmounts(events=6, positives=3, warm_users=1, posts=9, min_positives=2, days=14.0))


def test_without_events_all_counts_are_zero() -> None:
    none = np.zeros(0, np.int64)
    got = amounts_of(none, none, none.astype(np.int16), n_posts=0, min_positives=3, days=0.0)
    assert (got["events"], got["positives"], got["warm_users"]) == (0, 0, 0)


@pytest.mark.parametrize("report", [None, {}, {"amounts": 3}, {"amounts": {"events": 1}}])
def test_a_report_of_another_version_counts_for_nothing(report: dict[str, object] | None) -> None:
    assert run_counts_of(report, by="train", at=NOW) is None
