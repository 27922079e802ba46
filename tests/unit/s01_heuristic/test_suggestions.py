"""Suggested authors: those of the own camp, and nothing that tells what one other person does."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s01_heuristic.engagement import (
    AUTHORS_OF_ONE,
    MIN_PEOPLE,
    STEPS,
    Engagement,
    engagement_of,
    near_authors,
    people_said,
)
from s01_heuristic.suggestions import LENGTH, Suggested, Suggester, popular_authors
from shared.candidates.candidate_events import CandidateEvents
from shared.db.user_pairs import NO_PAIRS, UserPairs
from shared.domain import KIND_CODES, InteractionKind
from shared.ranked_lists.suggestions import AuthorReason

LIKE, VIEW = KIND_CODES[InteractionKind.LIKE], KIND_CODES[InteractionKind.VIEW]
PEOPLE, AUTHORS, POSTS = 60, 12, 3  # of each camp; posts of each author
Likes = Iterable[tuple[int, int]]  # person and post, as indices


class World:
    """People 0 … n, and authors from 1,000 on, each with some posts; ids are their own hashes."""

    def __init__(self, n_people: int, n_authors: int) -> None:
        self.people = np.arange(n_people)
        self.authors = np.arange(1_000, 1_000 + n_authors)
        self.author_of = np.repeat(self.authors, POSTS)  # (n_posts,)

    def posts_of(self, author: int) -> range:
        return range((author - 1_000) * POSTS, (author - 999) * POSTS)

    def engagement(
        self, likes: Likes, follows: Sequence[tuple[int, int]] = (), apart: Sequence[tuple[int, int]] = (),
        *, kind: int = LIKE,
    ) -> Engagement:  # fmt: skip
        people, posts = np.array([*likes], np.int64).reshape(-1, 2).T
        events = CandidateEvents(
            posts=posts, users=people, kinds=np.full(len(posts), kind, np.int16), at=np.zeros(len(posts)),
            by_others=np.ones(len(posts), np.bool_), user_id_hashes=self.people,
        )  # fmt: skip
        pairs = pairs_of(follows)
        both = [*apart, *((other, one) for one, other in apart)]
        return engagement_of(self.author_of, events, pairs, pairs, pairs_of(both), self.people)

    def suggest(self, engagement: Engagement, users: Sequence[int]) -> Suggested:
        is_suggested = np.isin(engagement.hashes, self.authors)
        suggester = Suggester.of(engagement, is_suggested, seed=1)
        return suggester.suggest(engagement.indices_of(np.array(users, np.int64)))


def pairs_of(pairs: Sequence[tuple[int, int]]) -> UserPairs:
    users, others = np.array([*pairs], np.int64).reshape(-1, 2).T
    return UserPairs(users=users, others=others) if len(users) else NO_PAIRS


def told(world: World, engagement: Engagement, user: int) -> dict[int, tuple[AuthorReason, int]]:
    """Author -> why, for one user."""
    found = world.suggest(engagement, [user])
    ids = engagement.hashes[found.authors].tolist()
    whys = zip(map(AuthorReason, found.reasons.tolist()), found.numbers.tolist(), strict=True)
    return dict(zip(ids, whys, strict=True))


def camps(seed: int) -> tuple[World, list[tuple[int, int]]]:
    """Two camps; each person likes posts of four authors of their camp, and one in four also one of the other."""
    rng, world, likes = np.random.default_rng(seed), World(2 * PEOPLE, 2 * AUTHORS), []
    for person in world.people.tolist():
        camp = person // PEOPLE
        liked = rng.choice(AUTHORS, 4, replace=False) + camp * AUTHORS
        strays = [int(rng.integers(AUTHORS)) + (1 - camp) * AUTHORS] if rng.random() < 0.25 else []
        likes += [(person, int(author) * POSTS + int(rng.integers(POSTS))) for author in [*liked, *strays]]
    return world, likes


@pytest.mark.parametrize("seed", range(3))
def test_suggested_authors_are_of_the_own_camp(seed: int) -> None:
    """Chance is one half. Authors whose posts the user likes are left out: they would be no finding."""
    world, likes = camps(seed)
    engagement = world.engagement(likes)
    found = world.suggest(engagement, world.people.tolist())
    assert own_share(engagement, found) > 0.97


def test_follows_alone_give_suggestions_too() -> None:
    world, likes = camps(1)
    follows = [(person, 1_000 + post // POSTS) for person, post in likes]
    engagement = world.engagement([], follows)
    found = world.suggest(engagement, world.people.tolist())
    assert set(found.reasons.tolist()) == {AuthorReason.LIKED_ALIKE}
    assert own_share(engagement, found) > 0.97


def own_share(engagement: Engagement, found: Suggested) -> float:
    """How many of the first five new authors of each user are of their camp."""
    new = np.flatnonzero(found.reasons != AuthorReason.LIKED_POSTS)
    owners = found.owners[new]
    first = np.arange(len(new)) - np.searchsorted(owners, owners) < 5
    assert first.sum() == 5 * 2 * PEOPLE
    camp_of_author = (engagement.hashes[found.authors[new]] - 1_000) // AUTHORS
    return float((camp_of_author == owners // PEOPLE)[first].mean())


def test_views_say_nothing() -> None:
    world = World(20, 3)
    assert not len(world.suggest(world.engagement([(n, 0) for n in range(20)], kind=VIEW), [0]).owners)


def test_own_likes_are_told_exactly() -> None:
    world = World(3, 2)
    engagement = world.engagement([(0, 0), (0, 1), (0, 1), (0, 3)])
    assert told(world, engagement, 0) == {1_000: (AuthorReason.LIKED_POSTS, 2), 1_001: (AuthorReason.LIKED_POSTS, 1)}
    assert told(world, engagement, 1) == {}


@pytest.mark.parametrize(("n_followers", "expected"), [(4, 0), (5, 5), (9, 5), (10, 10), (14, 10), (20, 10)])
def test_of_those_whom_i_follow_only_rounded_numbers_up_to_half_are_told(n_followers: int, expected: int) -> None:
    """User 0 follows twenty people, of whom some follow author 1,000."""
    world = World(21, 1)
    follows = [(0, person) for person in range(1, 21)] + [(person, 1_000) for person in range(1, 1 + n_followers)]
    found = told(world, world.engagement([], follows), 0)
    assert found == ({1_000: (AuthorReason.FOLLOWED_BY_FOLLOWED, expected)} if expected else {})


def test_who_follows_few_is_told_of_none_of_them() -> None:
    world = World(10, 1)
    follows = [(0, person) for person in range(1, 10)] + [(person, 1_000) for person in range(1, 10)]
    assert told(world, world.engagement([], follows), 0) == {}


@pytest.mark.parametrize(("n_both", "n_each", "expected"), [(4, 30, 0), (5, 30, 5), (30, 30, 15), (9, 9, 0)])
def test_of_people_who_like_alike_only_rounded_numbers_up_to_half_are_told(
    n_both: int, n_each: int, expected: int
) -> None:
    """User 0 likes author 1,000, and some of the others who do also like author 1,001."""
    world = World(80, 2)
    first = range(n_each)  # user 0 among them
    second = [*range(1, 1 + n_both), *range(40, 40 + n_each - n_both)]
    engagement = world.engagement([(person, 0) for person in first] + [(person, POSTS) for person in second])
    found = told(world, engagement, 0)
    assert found.get(1_001) == ((AuthorReason.LIKED_ALIKE, expected) if expected else None)


def test_one_more_person_changes_nothing_between_two_steps() -> None:
    """Neither numbers nor scores nor their order: 35 to 39 people like author 1,001, of whom 25 to 29 like both."""
    world, answers = World(80, 2), []
    likes = [(person, 0) for person in range(60)] + [(person, POSTS) for person in [*range(1, 26), *range(65, 75)]]
    for person in range(26, 30):
        found = world.suggest(world.engagement(likes), [0])
        answers.append((found.authors.tolist(), found.numbers.tolist(), found.scores.tolist()))
        likes.append((person, POSTS))
    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert 15 in answers[0][1]


def test_nobody_is_suggested_whom_the_user_follows_or_keeps_apart_from() -> None:
    world = World(3, 4)
    likes = [(0, post) for post in range(4 * POSTS)]
    engagement = world.engagement(likes, follows=[(0, 1_000)], apart=[(0, 1_001), (1_002, 0)])
    assert set(told(world, engagement, 0)) == {1_003}


def test_nobody_tells_anything_to_whom_they_keep_apart_from() -> None:
    world = World(21, 1)
    follows = [(0, person) for person in range(1, 21)] + [(person, 1_000) for person in range(1, 6)]
    assert told(world, world.engagement([], follows), 0)
    assert not told(world, world.engagement([], follows, apart=[(3, 0)]), 0)


def test_an_author_is_not_suggested_to_themselves_nor_one_without_posts() -> None:
    world = World(30, 2)
    likes = [(person, post) for person in range(30) for post in (0, POSTS)]
    engagement = world.engagement(likes, follows=[(1_000, 1_001), (5, 29)])
    assert set(told(world, engagement, 1_000)) <= {1_001}
    assert not {5, 29} & set(told(world, engagement, 5))


def test_lists_are_bounded_and_ordered_whatever_somebody_likes() -> None:
    world = World(40, 3 * AUTHORS_OF_ONE)
    likes = [(0, post) for post in range(len(world.author_of))]
    engagement = world.engagement(likes)
    assert np.bincount(engagement.engaged.people).max() == AUTHORS_OF_ONE
    found = world.suggest(engagement, [0, 1])
    assert len(found.owners) == LENGTH
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    assert [len(value) for value in found.packed(np.zeros(len(engagement.hashes), np.uint64), 2)] == [LENGTH * 13, 0]


def test_popular_authors_come_by_their_best_posts() -> None:
    world = World(30, 3)
    engagement = world.engagement([(person, 0) for person in range(12)])
    scores = np.array([0.9, 0.0, 0.0, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1])
    found = popular_authors(engagement.indices_of(world.author_of), scores, engagement)
    assert engagement.hashes[found.authors].tolist() == [1_001, 1_000, 1_002]
    assert found.numbers.tolist() == [0, 10, 0]


def test_nothing_gives_nothing() -> None:
    world = World(0, 0)
    assert not len(world.suggest(world.engagement([]), []).owners)


def test_a_sample_of_an_authors_people_finds_the_same_camp(monkeypatch: pytest.MonkeyPatch) -> None:
    world, likes = camps(2)
    engagement = world.engagement(likes)
    monkeypatch.setattr("s01_heuristic.engagement.SAMPLE", 15)
    is_suggested = np.isin(engagement.hashes, world.authors)
    near = near_authors(engagement, is_suggested, seed=1)
    owners, others = (engagement.hashes[each] // 1_000 for each in (near.ties.people, near.ties.others))
    assert len(owners)
    camp = (engagement.hashes - 1_000) // AUTHORS
    assert (camp[near.ties.people] == camp[near.ties.others]).mean() > 0.9
    assert others.min() >= 1
    assert near.ties.weights.max() <= 1


@given(st.lists(st.integers(0, 200_000)))
def test_what_is_said_of_people_is_a_step_not_above_the_truth(counts: list[int]) -> None:
    said = people_said(np.array(counts, np.int64)).tolist()
    for count, one in zip(counts, said, strict=True):
        assert one in STEPS
        assert one <= count
        assert one == 0 or one >= MIN_PEOPLE
        assert one >= count / 2 or count < 2 * MIN_PEOPLE or count > STEPS[-1]
