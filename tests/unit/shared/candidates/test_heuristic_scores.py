"""What counts as popular, in worlds of one or a few posts."""

import math

import numpy as np
import pytest

from s01_heuristic.rank import entries_per_user, rank_posts
from shared.candidates.heuristic_scores import event_weights, reference_weight, score_posts
from shared.candidates.ranking_input import posts_by_user
from shared.domain import KIND_CODES, InteractionKind
from shared.eligibility import Viewer
from shared.heuristic import REFERENCE_QUANTILE
from tests.worlds import NOW, Event, Post, World, event_columns, formula, id_hash_of, loaded, post_columns

pytestmark = pytest.mark.usefixtures("no_env_file")

LIKES = {InteractionKind.LIKE: 1.0}


def _weights(world: World, **changes: object) -> list[float]:
    weights = event_weights(post_columns(world), event_columns(world), formula(**changes), world.now)
    return [round(weight, 12) for weight in weights.tolist()]


def _one_post(*events: Event) -> World:
    return World(posts=[Post("p", "author")], events=events)


def test_ten_repeats_of_one_like_count_once() -> None:
    assert _weights(_one_post(*[Event("ann", "p", InteractionKind.LIKE)] * 10)) == [1.0]


def test_likes_of_two_users_count_twice() -> None:
    assert _weights(_one_post(Event("ann", "p", InteractionKind.LIKE), Event("ben", "p", InteractionKind.LIKE))) == [
        2.0
    ]


def test_a_like_and_a_comment_of_one_user_both_count() -> None:
    assert _weights(_one_post(Event("ann", "p", InteractionKind.LIKE), Event("ann", "p", InteractionKind.COMMENT))) == [
        3.0
    ]


@pytest.mark.parametrize("kind", list(InteractionKind))
def test_each_kind_has_its_own_weight(kind: InteractionKind) -> None:
    weights = {each: float(1 + code) for each, code in KIND_CODES.items()}
    assert _weights(_one_post(Event("ann", "p", kind)), kind_weights=weights) == [1.0 + KIND_CODES[kind]]


def test_a_kind_without_a_weight_counts_nothing() -> None:
    assert _weights(_one_post(Event("ann", "p", InteractionKind.SAVE)), kind_weights=LIKES) == [0.0]


def test_an_event_one_half_life_old_counts_one_half() -> None:
    assert _weights(_one_post(Event("ann", "p", InteractionKind.LIKE, 24))) == [0.5]


def test_of_a_users_repeats_the_newest_counts() -> None:
    world = _one_post(
        Event("ann", "p", InteractionKind.LIKE, 48),
        Event("ann", "p", InteractionKind.LIKE, 24),
        Event("ann", "p", InteractionKind.LIKE, 72),
    )
    assert _weights(world) == [0.5]


def test_an_event_dated_ahead_counts_as_one_of_now() -> None:
    assert _weights(_one_post(Event("ann", "p", InteractionKind.LIKE, -1000))) == [1.0]


def test_the_authors_own_events_do_not_count() -> None:
    assert _weights(_one_post(Event("author", "p", InteractionKind.LIKE))) == [0.0]


def test_a_like_of_the_author_counts_on_anothers_post() -> None:
    world = World(posts=[Post("p", "ann"), Post("q", "ben", 1)], events=[Event("ann", "q", InteractionKind.LIKE)])
    assert _weights(world) == [0.0, 1.0]


def test_hides_never_push_a_weight_below_zero() -> None:
    assert _weights(
        _one_post(Event("ann", "p", InteractionKind.HIDE)),
        kind_weights={InteractionKind.LIKE: 1.0, InteractionKind.HIDE: -2.0},
    ) == [0.0]


def test_a_hide_takes_from_what_likes_gave() -> None:
    world = _one_post(
        *(Event(user, "p", InteractionKind.LIKE) for user in "abc"), Event("dan", "p", InteractionKind.HIDE)
    )
    assert _weights(world, kind_weights={InteractionKind.LIKE: 1.0, InteractionKind.HIDE: -2.0}) == [1.0]


def test_events_on_posts_that_are_no_candidates_are_ignored() -> None:
    assert _weights(_one_post(Event("ann", "elsewhere", InteractionKind.LIKE))) == [0.0]


def test_the_reference_is_a_high_quantile_of_the_posts_with_any_weight() -> None:
    weights = np.array([0.0] * 50 + [float(n) for n in range(1, 102)])  # the 0.99 quantile of 1 … 101 is 100
    assert REFERENCE_QUANTILE == 0.99
    assert reference_weight(weights, floor=10) == pytest.approx(100)


def test_the_reference_is_never_below_the_floor() -> None:
    assert reference_weight(np.array([0.0, 1.0, 2.0]), floor=10) == 10


def test_the_reference_of_a_world_without_events_is_the_floor() -> None:
    assert reference_weight(np.zeros(3), floor=7) == 7


def test_one_like_in_a_quiet_app_is_far_from_fully_popular() -> None:
    world = _one_post(Event("ann", "p", InteractionKind.LIKE))
    known = loaded(world)
    scores = score_posts(known.posts, known.events, formula(popularity_floor=10), world.now)
    assert scores.popularity.tolist() == pytest.approx([math.log(2) / math.log(11)])


def test_a_runaway_post_does_not_flatten_the_others() -> None:
    posts = [Post(f"p{n:03}", "author", 1) for n in range(200)]
    liked = [Event(f"u{u}", post.id, InteractionKind.LIKE) for post in posts for u in range(15)]
    runaway = [Event(f"v{u}", "p000", InteractionKind.LIKE) for u in range(3000)]
    known = loaded(World(posts=posts, events=liked + runaway))
    popular = score_posts(known.posts, known.events, formula(popularity_floor=10), NOW).popularity
    assert popular.tolist() == [1.0] * 200


def test_an_old_post_with_one_like_does_not_beat_a_new_one_without() -> None:
    """The first seed's scale fault: there a year-old post with one like scored 0.60, a new one 0.40."""
    world = World(
        posts=[Post("old", "author", 24 * 365), Post("new", "author", 0)],
        events=[Event("a", "old", InteractionKind.LIKE)],
    )
    known = loaded(world)
    scores = score_posts(known.posts, known.events, formula(alpha=0.6, popularity_floor=10), world.now)
    score_of = dict(zip(known.posts.ids, scores.blended.tolist(), strict=True))
    assert score_of["new"] > score_of["old"]


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_alpha_at_its_ends_leaves_one_term(alpha: float) -> None:
    world = World(
        posts=[Post("liked", "author", 24), Post("new", "author", 0)],
        events=[Event("a", "liked", InteractionKind.LIKE)],
    )
    known = loaded(world)
    scores = score_posts(known.posts, known.events, formula(alpha=alpha), world.now)
    assert scores.blended.tolist() == (scores.popularity if alpha else scores.recency).tolist()


def test_a_post_dated_a_little_ahead_is_as_fresh_as_one_of_now() -> None:
    known = loaded(World(posts=[Post("ahead", "author", -4 / 60), Post("now", "author", 0)]))
    assert score_posts(known.posts, known.events, formula(), NOW).recency.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("posts", [[], [Post("only", "author")]], ids=["no post", "one post"])
def test_the_smallest_worlds_rank(posts: list[Post]) -> None:
    known = loaded(World(posts=posts))
    scores = score_posts(known.posts, known.events, formula(), NOW)
    ranking = rank_posts(known.posts, known.post_numbers, scores, alpha=0.5)
    assert len(entries_per_user(ranking, [Viewer()], length=10)[0]) == 6 * len(posts)


def test_events_without_any_post_give_nothing() -> None:
    known = loaded(World(posts=[], events=[Event("ann", "gone", InteractionKind.LIKE)]))
    assert len(score_posts(known.posts, known.events, formula(), NOW).blended) == 0


def test_posts_that_a_user_touched_come_longest_ago_first() -> None:
    world = World(
        posts=[Post("p1", "x", 1), Post("p2", "x", 2), Post("p3", "x", 3)],
        events=[
            Event("ann", "p1", InteractionKind.VIEW, 1),
            Event("ann", "p2", InteractionKind.VIEW, 9),
            Event("ann", "p3", InteractionKind.LIKE, 5),
        ],
    )
    assert _touched(world, at_most=10) == ["p2", "p3", "p1"]


def test_a_post_touched_again_counts_by_its_last_time() -> None:
    world = World(
        posts=[Post("p1", "x", 1), Post("p2", "x", 2)],
        events=[
            Event("ann", "p1", InteractionKind.VIEW, 9),
            Event("ann", "p2", InteractionKind.VIEW, 5),
            Event("ann", "p1", InteractionKind.LIKE, 1),
        ],
    )
    assert _touched(world, at_most=10) == ["p2", "p1"]


def test_of_too_many_touched_posts_the_newest_are_kept() -> None:
    world = World(
        posts=[Post(f"p{n}", "x", n) for n in range(5)],
        events=[Event("ann", f"p{n}", InteractionKind.VIEW, n) for n in range(5)],
    )
    assert _touched(world, at_most=2) == ["p1", "p0"]


def test_only_hides_are_hidden() -> None:
    world = World(
        posts=[Post("p1", "x", 1), Post("p2", "x", 2)],
        events=[
            Event("ann", "p1", InteractionKind.HIDE),
            Event("ann", "p2", InteractionKind.VIEW),
            Event("ben", "p2", InteractionKind.HIDE),
        ],
    )
    posts = post_columns(world)
    touched = posts_by_user(posts, [7, 8], event_columns(world), at_most=10)
    assert touched.hidden == {id_hash_of("ann"): frozenset({7}), id_hash_of("ben"): frozenset({8})}


def _touched(world: World, *, at_most: int) -> list[str]:
    posts = post_columns(world)
    touched = posts_by_user(posts, list(range(len(posts))), event_columns(world), at_most=at_most)
    return [posts.ids[row] for row in touched.seen[id_hash_of("ann")]]
