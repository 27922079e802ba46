from itertools import pairwise

import numpy as np
import pytest

from s02_train_neucf.gate.cuts import DAY, MIN_ASKED, N_CUTS, ReplayCut, cuts_of, earliest_cut
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.examples import Examples
from tests.neucf_worlds import examples_from, with_repeats

HOUR = 3600.0


def days_of_likes(*, n_users: int, n_days: int) -> Examples:
    """Each user likes a post a day, at midnight; user 0 of the last day comes last."""
    pairs = [(user, day * n_users + user) for day in range(n_days) for user in range(n_users)]
    examples = examples_from(pairs)
    return Examples(
        user_id_hashes=examples.user_id_hashes,
        post_id_hashes=examples.post_id_hashes,
        at=np.repeat(np.arange(n_days) * DAY, n_users),
        liked_at=np.repeat(np.arange(n_days) * DAY, n_users),
    )


def events(likes: Examples) -> Events:
    kinds = np.full(len(likes), KIND_CODES[InteractionKind.LIKE], np.int16)
    return Events(user_id_hashes=likes.user_id_hashes, post_id_hashes=likes.post_id_hashes, kinds=kinds, at=likes.at)


def at_times(at: np.ndarray) -> Events:
    """An event of another post at each time."""
    own = np.arange(len(at))
    return events(Examples(user_id_hashes=own, post_id_hashes=own, at=at, liked_at=at))


def test_a_busy_app_is_replayed_over_its_last_days_one_of_them_to_warm_up() -> None:
    likes = days_of_likes(n_users=MIN_ASKED, n_days=10)
    cuts = cuts_of(events(likes), likes, min_known=3)
    np.testing.assert_allclose([cut.start for cut in cuts], [day * DAY for day in (3, 4, 5, 6, 7, 8)])
    np.testing.assert_allclose([cut.end - cut.start for cut in cuts], DAY)


def test_a_day_with_too_few_people_widens_the_cuts() -> None:
    likes = days_of_likes(n_users=MIN_ASKED - 1, n_days=100)
    cuts = cuts_of(events(likes), likes, min_known=3)
    assert len(cuts) == 1 + N_CUTS
    np.testing.assert_allclose([cut.start for cut in cuts[:2]], np.quantile(likes.at, [0.76, 0.8]))


def test_people_who_are_cold_before_a_day_do_not_count() -> None:
    likes = days_of_likes(n_users=MIN_ASKED, n_days=10)
    assert (
        cuts_of(events(likes), likes, min_known=6)[0].end - cuts_of(events(likes), likes, min_known=6)[0].start != DAY
    )


def test_cuts_hold_equally_many_events_one_after_the_other_up_to_the_last() -> None:
    at = np.array([float(n**2) for n in range(100)])
    cuts = cuts_of(at_times(at), examples_from([]), min_known=3)
    assert [int(((at >= cut.start) & (at < cut.end)).sum()) for cut in cuts] == [4, 4, 4, 4, 4, 4]
    assert all(one.end == other.start for one, other in pairwise(cuts))


@pytest.mark.parametrize("n_users", [MIN_ASKED, MIN_ASKED - 1], ids=["busy", "quiet"])
def test_what_happens_again_moves_no_cut(n_users: int) -> None:
    likes = days_of_likes(n_users=n_users, n_days=40)
    once, again = events(likes), with_repeats(events(likes))
    assert again.at[-1] > once.at[-1]
    assert cuts_of(again, likes, min_known=3) == cuts_of(once, likes, min_known=3)
    assert earliest_cut(again) == earliest_cut(once)


def test_without_events_there_is_no_cut() -> None:
    assert cuts_of(at_times(np.zeros(0)), examples_from([]), min_known=3) == ()


def test_events_of_one_moment_leave_one_cut_at_most() -> None:
    assert len(cuts_of(at_times(np.full(50, 7.0)), examples_from([]), min_known=3)) <= 1


def test_a_day_has_hourly_steps() -> None:
    steps = ReplayCut(start=0.0, end=DAY).steps()
    assert [step.start for step in steps] == [hour * HOUR for hour in range(24)]


def test_a_long_cut_has_as_many_longer_steps() -> None:
    steps = ReplayCut(start=0.0, end=12 * DAY).steps()
    assert (len(steps), steps[1].start, steps[-1].end) == (72, 4 * HOUR, 12 * DAY)


def test_a_short_cut_is_one_step() -> None:
    assert ReplayCut(start=10.0, end=20.0).steps() == (ReplayCut(start=10.0, end=20.0),)


@pytest.mark.parametrize("n_users", [MIN_ASKED, MIN_ASKED - 1], ids=["busy", "quiet"])
@pytest.mark.parametrize("n_days", [10, 100])
def test_no_cut_begins_before_the_earliest(n_users: int, n_days: int) -> None:
    likes = days_of_likes(n_users=n_users, n_days=n_days)
    first = cuts_of(events(likes), likes, min_known=3)[0]
    assert min(np.quantile(likes.at, 0.74), likes.at[-1] - 6.1 * DAY) <= earliest_cut(events(likes)) <= first.start
    assert earliest_cut(at_times(np.full(50, 7.0))) <= 7.0


def test_without_events_no_time_is_the_earliest() -> None:
    assert earliest_cut(at_times(np.zeros(0))) == np.inf
