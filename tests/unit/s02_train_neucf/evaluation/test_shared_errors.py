"""The interval of a difference, on differences whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from s02_train_neucf.evaluation import metrics
from s02_train_neucf.evaluation.shared_errors import FARTHEST, PairDifferences, interval_of, standard_error, tails

RISK = 0.025
DECISIONS = 200


def apart(differences: list[float] | np.ndarray) -> PairDifferences:
    """Users each of whom liked one post that nobody else liked."""
    own = np.arange(len(differences))
    return PairDifferences(users=own, posts=own, shares=np.ones(len(own)), differences=np.asarray(differences))


def interval(pairs: PairDifferences, risk: float = RISK) -> metrics.Interval:
    return interval_of(pairs, risk=risk, generator=np.random.default_rng(0))


def one_post_each(generator: np.random.Generator, *, n_users: int, n_posts: int) -> PairDifferences:
    """Each user liked one of a few posts, and a post's error is the same for all who did: the true mean is 0."""
    posts = generator.integers(0, n_posts, n_users)
    used, index = np.unique(posts, return_inverse=True)
    return PairDifferences(
        users=np.arange(n_users), posts=index, shares=np.ones(n_users),
        differences=generator.normal(0, 0.3, len(used))[index],
    )  # fmt: skip


def everybody_liked_all(*, users_who_lose: int = 0, posts_that_lose: int = 0) -> PairDifferences:
    """100 users who all liked 25 posts and gain a little from each, but for a few users or a few posts."""
    differences = np.random.default_rng(4).normal(0.02, 0.05, (100, 25))
    differences[:users_who_lose] -= 0.38
    differences[:, :posts_that_lose] -= 0.38
    users, posts = (index.ravel() for index in np.indices(differences.shape))
    return PairDifferences(
        users=users, posts=posts, shares=np.full(len(users), 1 / 25), differences=differences.ravel() / 25
    )


def reach(pairs: PairDifferences, risk: float = RISK) -> tuple[float, float]:
    """How many standard errors the interval reaches down and up."""
    found, error = interval(pairs, risk), standard_error(pairs)
    return (found.mean - found.low) / error, (found.high - found.mean) / error


def test_users_of_posts_of_their_own_have_the_usual_standard_error() -> None:
    values = np.random.default_rng(1).normal(0.1, 0.3, 500)
    assert standard_error(apart(values)) == pytest.approx(values.std() / np.sqrt(500))


def test_errors_that_users_share_do_not_shrink_with_more_users() -> None:
    """100 users agree on one post, 100 on another: that is as uncertain as two users."""
    posts, users = np.repeat([0, 1], 100), np.arange(200)
    pairs = PairDifferences(users=users, posts=posts, shares=np.ones(200), differences=np.where(posts, 0.3, -0.1))
    assert standard_error(pairs) == pytest.approx(0.2 / np.sqrt(2))


def test_a_users_own_posts_are_one_user() -> None:
    users = np.repeat(np.arange(50), 4)
    differences = np.repeat(np.random.default_rng(2).normal(size=50), 4) / 4
    pairs = PairDifferences(users=users, posts=np.arange(200), shares=np.full(200, 0.25), differences=differences)
    of_users = np.bincount(users, differences)
    assert standard_error(pairs) >= of_users.std() / np.sqrt(50) - 1e-12


def test_a_post_counts_with_the_share_of_what_its_user_was_asked() -> None:
    """All users have the same difference, of which each post gives its share: nothing varies, so there is no doubt."""
    users, posts = np.repeat(np.arange(30), 2), np.tile([0, 1], 30)
    shares = np.tile([0.9, 0.1], 30)
    pairs = PairDifferences(users=users, posts=posts, shares=shares, differences=0.2 * shares)
    assert standard_error(pairs) == pytest.approx(0.0, abs=1e-12)
    assert interval(pairs).low == pytest.approx(0.2)


def test_few_users_who_lose_make_it_longer_though_posts_are_alike() -> None:
    down, up = reach(everybody_liked_all(users_who_lose=3))
    assert down > 5 > 2.5 > up


def test_few_posts_that_lose_make_it_longer_though_users_are_alike() -> None:
    down, up = reach(everybody_liked_all(posts_that_lose=1))
    assert down > 5 > 2.5 > up


def test_resampling_never_makes_it_shorter_than_a_normal_one() -> None:
    """Where few lose much, resamples hardly reach above the mean."""
    differences = np.full(80, 0.02) + np.random.default_rng(4).normal(0, 0.002, 80)
    differences[0] = -0.38
    assert reach(apart(differences))[1] == pytest.approx(stats.norm.isf(RISK))


def test_tails_are_missed_with_the_risk_on_either_side() -> None:
    sums = np.random.default_rng(7).normal(size=400)
    assert tails(sums, risk=RISK, generator=np.random.default_rng(8)) == pytest.approx([1.96, 1.96], abs=0.15)


def test_an_interval_reaches_as_far_as_its_own_risk_says() -> None:
    """Ten users: Student's distribution has 2.26 standard errors for 2.5 % on a side, and 1.83 for twice as much."""
    differences = np.random.default_rng(9).normal(0.0, 0.1, 10)
    expected = tails(differences - differences.mean(), risk=RISK, generator=np.random.default_rng(10))
    assert min(expected) > 2.2
    assert reach(apart(differences)) == pytest.approx(expected, rel=0.12)


def test_shared_errors_promote_no_more_often_than_they_may() -> None:
    generator, before, now = np.random.default_rng(3), 0, 0
    for _ in range(DECISIONS):
        pairs = one_post_each(generator, n_users=150, n_posts=40)
        before += metrics.interval(pairs.differences, generator).low > 0
        now += interval_of(pairs, risk=RISK, generator=generator).low > 0
    assert before >= 0.10 * DECISIONS  # what a bootstrap over users makes of it
    assert now <= 0.05 * DECISIONS


def test_few_who_lose_much_are_not_overlooked() -> None:
    """One user of 80 loses much: with a true share of 5 %, such a sample is no proof of a gain."""
    differences = np.full(80, 0.02) + np.random.default_rng(4).normal(0, 0.002, 80)
    differences[0] = -0.38
    assert differences.mean() - 1.96 * differences.std() / np.sqrt(80) > 0  # a normal interval would see one
    assert interval(apart(differences)).low < 0


def test_where_resamples_say_nothing_no_bound_is_claimed() -> None:
    """In a third of the resamples the only one who loses is absent, and all others are equal."""
    found = interval(apart([-0.38, *[0.02] * 79]))
    assert (found.low, found.mean > 0) == (-FARTHEST, True)


def test_a_clear_gain_is_seen() -> None:
    values = np.random.default_rng(5).normal(0.05, 0.1, 200)
    found = interval(apart(values), risk=0.0025)
    assert 0 < found.low < found.mean < found.high
    assert found.mean == pytest.approx(values.mean())


def test_a_smaller_risk_makes_a_longer_interval() -> None:
    pairs = apart(np.random.default_rng(6).normal(0.05, 0.1, 200))
    wide, narrow = interval(pairs, risk=0.0025), interval(pairs)
    assert wide.low < narrow.low
    assert wide.high > narrow.high


def test_equal_differences_leave_no_doubt() -> None:
    found = interval(apart([0.25] * 10))
    assert (found.low, found.mean, found.high) == (0.25, 0.25, 0.25)


def test_one_user_is_no_sample() -> None:
    with pytest.raises(ValueError, match="got 1 users, expected at least two"):
        interval(apart([0.1]))
