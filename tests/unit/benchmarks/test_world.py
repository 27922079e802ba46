"""The synthetic world: as many of everything as asked for, the same for a seed, and shaped as people are."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from benchmarks.errors import BenchmarkRefused
from benchmarks.world import columns, events
from benchmarks.world.events import KINDS, Block
from benchmarks.world.ids import POSTS, USERS, strings, uuids
from benchmarks.world.shape import Size, World, make_world
from benchmarks.world.vectors import Encoding, vectors_of
from shared.db.vectors import ContentKind
from shared.domain import InteractionKind

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SIZE = Size(users=2_000, posts=1_500, interactions=60_000, blocks=300, days=30, topics=8)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SIZE, seed=3, now=NOW)


@pytest.fixture(scope="module")
def happened(world: World) -> Block:
    parts = list(events.blocks_of(world))
    return Block(
        users=np.concatenate([part.users for part in parts]),
        posts=np.concatenate([part.posts for part in parts]),
        kinds=np.concatenate([part.kinds for part in parts]),
        at=np.concatenate([part.at for part in parts]),
    )


def test_there_are_as_many_of_everything_as_asked_for(world: World, happened: Block) -> None:
    assert len(happened) == SIZE.interactions
    assert sum(len(rows.numbers) for rows in columns.users_of(world)) == SIZE.users
    assert sum(len(rows.numbers) for rows in columns.posts_of(world)) == SIZE.posts
    assert sum(len(rows.users) for rows in columns.blocks_of(world)) == SIZE.blocks


def test_nobody_meets_a_post_twice(happened: Block) -> None:
    pairs = happened.users * SIZE.posts + happened.posts
    assert len(set(pairs.tolist())) == len(happened)


def test_nothing_happens_before_its_post_nor_after_now(world: World, happened: Block) -> None:
    assert (happened.at >= world.created_at[happened.posts]).all()
    assert happened.at.max() <= NOW.timestamp()


def test_a_tenth_of_the_posts_gets_four_tenths_of_what_happens(happened: Block) -> None:
    reach = np.sort(np.bincount(happened.posts, minlength=SIZE.posts))[::-1]
    assert reach[: SIZE.posts // 10].sum() > 0.4 * SIZE.interactions


def test_people_like_what_is_to_their_taste(world: World, happened: Block) -> None:
    liked = happened.kinds == KINDS.index(InteractionKind.LIKE)
    is_fan = (world.tastes[happened.users] == world.topic[happened.posts][:, None]).any(axis=1)
    by_chance = (world.tastes[:, :, None] == np.arange(SIZE.topics)).any(axis=1).mean()  # a user, a topic
    assert is_fan[liked].mean() > 1.8 * by_chance


def test_vectors_are_nearer_to_those_of_their_own_topic(world: World) -> None:
    vectors = vectors_of(world, Encoding(part=ContentKind.IMAGE, encoder="made", width=64), np.arange(SIZE.posts))
    same = world.topic[:, None] == world.topic[None, :]
    nearness = vectors @ vectors.T
    np.fill_diagonal(same, val=False)
    assert nearness[same].mean() > nearness[~same].mean() + 0.4


def test_a_seed_gives_one_world_and_another_seed_another(happened: Block) -> None:
    def again(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.concatenate([part.users for part in events.blocks_of(make_world(SIZE, seed=seed, now=NOW))])

    assert np.array_equal(again(3), happened.users)
    assert not np.array_equal(again(4), happened.users)


def test_ids_are_uuids_that_differ_by_number_kind_and_seed() -> None:
    numbers = np.arange(1_000)
    ids = [*strings(uuids(numbers, USERS, 1)), *strings(uuids(numbers, POSTS, 1)), *strings(uuids(numbers, USERS, 2))]
    assert len(set(ids)) == 3_000
    assert all(str(UUID(each)) == each and UUID(each).version == 4 for each in ids)


def test_more_interactions_than_people_can_do_are_refused() -> None:
    with pytest.raises(BenchmarkRefused, match="expected at most 10 for 10 users and 10 posts"):
        Size(users=10, posts=10, interactions=11)
