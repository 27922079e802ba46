"""The simulated people: what holds in every world, and that their likes follow the truth."""

from dataclasses import replace

import numpy as np
import pytest

from demo.simulator.simulate import PhotoWorld, simulate_with
from demo.simulator.truth import Floats
from demo.simulator.visits import DAY, VisitSettings
from shared.domain import InteractionKind
from tests.unit.demo.photos import SMALL, fake_looks, small_photos, small_world


@pytest.fixture(scope="module")
def world() -> PhotoWorld:
    return small_world()


def _pairs(world: PhotoWorld, kind: InteractionKind) -> dict[tuple[int, int], float]:
    events = world.events.of(kind)
    return dict(zip(zip(events.user.tolist(), events.post.tolist(), strict=True), events.at.tolist(), strict=True))


def _auc(scores: Floats, wanted: np.ndarray) -> float:
    """The chance that a wanted one scores above another."""
    return float((scores[wanted][:, None] > scores[~wanted][None, :]).mean())


def test_a_view_comes_before_each_like(world: PhotoWorld) -> None:
    views, likes = _pairs(world, InteractionKind.VIEW), _pairs(world, InteractionKind.LIKE)
    assert likes
    assert all(views[pair] < at for pair, at in likes.items())


@pytest.mark.parametrize("kind", [InteractionKind.COMMENT, InteractionKind.SAVE])
def test_who_comments_or_saves_liked_before(world: PhotoWorld, kind: InteractionKind) -> None:
    likes, others = _pairs(world, InteractionKind.LIKE), _pairs(world, kind)
    assert others
    assert all(likes[pair] < at for pair, at in others.items())


def test_views_are_more_than_likes_and_likes_more_than_comments_and_saves(world: PhotoWorld) -> None:
    counts = [
        len(world.events.of(kind).at)
        for kind in (InteractionKind.VIEW, InteractionKind.LIKE, InteractionKind.COMMENT, InteractionKind.SAVE)
    ]
    assert counts == sorted(counts, reverse=True)


def test_nobody_likes_what_they_hid() -> None:
    hiding = replace(SMALL, visits=VisitSettings(hide_share=0.5))
    world = small_world(settings=hiding)
    assert _pairs(world, InteractionKind.HIDE)
    assert not _pairs(world, InteractionKind.HIDE).keys() & _pairs(world, InteractionKind.LIKE).keys()


def test_a_post_is_viewed_once_by_one_user_at_most(world: PhotoWorld) -> None:
    views = world.events.of(InteractionKind.VIEW)
    assert len(_pairs(world, InteractionKind.VIEW)) == len(views.at)


def test_nothing_happens_to_a_post_before_it_is_born(world: PhotoWorld) -> None:
    assert (world.events.at > world.born[world.events.post]).all()


def test_nobody_acts_before_they_join(world: PhotoWorld) -> None:
    assert (world.events.at > world.joined[world.events.user]).all()


def test_nobody_posts_before_they_join(world: PhotoWorld) -> None:
    assert (world.born > world.joined[world.author]).all()


def test_own_posts_are_never_viewed(world: PhotoWorld) -> None:
    assert (world.author[world.events.post] != world.events.user).all()


def test_the_posts_of_the_blocked_and_the_blocking_are_never_viewed() -> None:
    world = small_world(settings=replace(SMALL, blocking_share=0.5))
    met = set(zip(world.events.user.tolist(), world.author[world.events.post].tolist(), strict=True))
    blocks = {(blocking, blocked) for blocking, blocked in world.blocks.tolist()}
    assert blocks
    assert not met & (blocks | {(blocked, blocking) for blocking, blocked in blocks})


def test_events_are_ordered_by_time_and_end_before_the_end(world: PhotoWorld) -> None:
    assert (np.diff(world.events.at) >= 0).all()
    assert world.events.at[-1] < world.end


def test_newcomers_have_done_nothing(world: PhotoWorld) -> None:
    newcomers = np.arange(SMALL.users - SMALL.newcomers, SMALL.users)
    assert not np.isin(world.events.user, newcomers).any()
    assert (world.joined[newcomers] > world.end - 3600).all()


def test_the_first_positions_are_looked_at_most(world: PhotoWorld) -> None:
    positions = world.events.of(InteractionKind.VIEW).position
    assert np.count_nonzero(positions < 5) > 1.5 * np.count_nonzero((positions >= 10) & (positions < 15))


def test_likes_follow_the_truth(world: PhotoWorld) -> None:
    views, likes = world.events.of(InteractionKind.VIEW), _pairs(world, InteractionKind.LIKE)
    pairs = zip(views.user.tolist(), views.post.tolist(), strict=True)
    liked = np.array([pair in likes for pair in pairs])
    assert _auc(world.truth.affinity[views.user, views.post], liked) > 0.75


def test_views_do_not_follow_the_truth() -> None:
    unpopular = replace(SMALL, visits=VisitSettings(popular_share=0.0))
    world = small_world(settings=unpopular)
    views = world.events.of(InteractionKind.VIEW)
    assert abs(float(world.truth.affinity[views.user, views.post].mean())) < 0.1


def test_without_anything_to_follow_the_like_rate_is_the_one_that_was_asked_for() -> None:
    flat = replace(SMALL, taste=replace(SMALL.taste, like_rate=0.2, steepness=0.0))
    world = small_world(settings=flat)
    n_views, n_likes = (len(world.events.of(kind).at) for kind in (InteractionKind.VIEW, InteractionKind.LIKE))
    assert n_likes / n_views == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / n_views) ** 0.5)


def test_affinity_is_on_one_scale(world: PhotoWorld) -> None:
    assert world.truth.affinity.mean() == pytest.approx(0, abs=1e-9)
    assert world.truth.affinity.std() == pytest.approx(1)


def test_one_group_likes_all_that_an_author_posts_alike() -> None:
    only_friends = replace(SMALL.taste, words_weight=0.0, looks_weight=0.0, group_weight=1.0)
    world = small_world(settings=replace(SMALL, taste=only_friends))
    author = int(np.bincount(world.author).argmax())
    members = world.truth.group == world.truth.group[0]
    alike = world.truth.affinity[np.ix_(members, world.author == author)]
    assert alike.size > 4
    assert np.ptp(alike) == pytest.approx(0)


def test_the_truth_does_not_know_the_captions_that_are_shown(world: PhotoWorld) -> None:
    photos = small_photos()
    for number, shown in zip(world.photo.tolist(), world.shown.tolist(), strict=True):
        captions = list(photos[number].captions)
        captions[shown] = "words that stand nowhere else"
        photos[number] = replace(photos[number], captions=tuple(captions))
    other = simulate_with(photos, fake_looks, seed=world.seed, settings=SMALL)
    assert other.captions != world.captions
    assert np.array_equal(other.truth.affinity, world.truth.affinity)


def test_cold_posts_have_no_event_before_the_cut(world: PhotoWorld) -> None:
    cold = world.cold_posts(days=3)
    assert 0 < cold.sum() < len(cold)
    assert world.events.at[cold[world.events.post]].min() > world.end - 3 * DAY


def test_the_same_seed_makes_the_same_world(world: PhotoWorld) -> None:
    again = small_world()
    assert np.array_equal(again.events.at, world.events.at)
    assert np.array_equal(again.truth.affinity, world.truth.affinity)
    assert again.captions == world.captions


def test_another_seed_makes_another_world(world: PhotoWorld) -> None:
    assert len(small_world(seed=2).events.at) != len(world.events.at)


def test_of_more_photos_than_fit_some_are_drawn() -> None:
    world = small_world(settings=replace(SMALL, max_posts=50))
    assert len(set(world.photo.tolist())) == len(world.images) == 50
