"""The demo's world, made out of seven ratings whose outcome one can count."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from demo.make_world import AUTHORS, NEWCOMERS, make_world
from demo.relations import write_relations
from demo.world import DemoWorld, id_of
from tests.unit.demo.tiny import tiny_ratings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return make_world(tiny_ratings(), seed=1, now=NOW)


def _at(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "ms")


def _events(world: DemoWorld, user: int, film: int) -> list[tuple[str, np.datetime64]]:
    events = world.interactions
    chosen = (events.user_id == id_of("user", user)) & (events.post_id == id_of("post", film))
    return list(zip(events.kind[chosen].tolist(), events.created_at[chosen], strict=True))


def test_the_newest_event_is_now(world: DemoWorld) -> None:
    assert world.interactions.created_at.max() == _at(NOW)


def test_events_are_ordered_by_time(world: DemoWorld) -> None:
    assert (np.diff(world.interactions.created_at) >= np.timedelta64(0)).all()


def test_events_keep_their_distances(world: DemoWorld) -> None:
    views = world.interactions.created_at[world.interactions.kind == "view"]
    assert np.diff(views).tolist() == [timedelta(seconds=1000)] * 6


@pytest.mark.parametrize(("user", "film"), [(1, 10), (2, 10), (2, 11)])
def test_a_good_rating_is_a_view_and_then_a_like(world: DemoWorld, user: int, film: int) -> None:
    (first, viewed_at), (second, liked_at) = _events(world, user, film)
    assert (first, second) == ("view", "like")
    assert np.timedelta64(2, "s") <= liked_at - viewed_at <= np.timedelta64(30, "s")


@pytest.mark.parametrize(("user", "film"), [(1, 11), (3, 12), (3, 11), (2, 12)])
def test_another_rating_is_a_view(world: DemoWorld, user: int, film: int) -> None:
    assert [kind for kind, _ in _events(world, user, film)] == ["view"]


def test_each_film_that_was_seen_is_a_post(world: DemoWorld) -> None:
    assert world.posts.id.tolist() == [id_of("post", film) for film in (10, 11, 12)]


@pytest.mark.parametrize(("row", "user", "film"), [(0, 1, 10), (1, 1, 11), (2, 3, 12)])
def test_a_post_is_born_at_its_first_event(world: DemoWorld, row: int, user: int, film: int) -> None:
    assert world.posts.created_at[row] == _events(world, user, film)[0][1]


def test_a_caption_is_title_and_genres(world: DemoWorld) -> None:
    assert world.posts.caption.tolist() == ["Toy Story (1995) · Animation, Comedy", "Heat (1995) · Action", "Nameless"]


def test_an_image_url_is_relative_to_the_demos_folder(world: DemoWorld) -> None:
    assert world.posts.image_url[0] == f"media/{id_of('post', 10)}.jpg"


def test_every_author_is_a_user(world: DemoWorld) -> None:
    assert set(world.posts.author_id.tolist()) <= set(world.users.id.tolist())


def test_users_are_readers_authors_and_newcomers(world: DemoWorld) -> None:
    assert len(set(world.users.id.tolist())) == 3 + AUTHORS + NEWCOMERS


def test_nobody_acts_before_joining(world: DemoWorld) -> None:
    joined = dict(zip(world.users.id.tolist(), world.users.created_at, strict=True))
    events = zip(world.interactions.user_id.tolist(), world.interactions.created_at, strict=True)
    posts = zip(world.posts.author_id.tolist(), world.posts.created_at, strict=True)
    assert all(joined[user] < at for user, at in [*events, *posts])


def test_newcomers_joined_within_the_last_hour(world: DemoWorld) -> None:
    assert (world.users.created_at[-NEWCOMERS:] >= _at(NOW - timedelta(hours=1))).all()


def test_the_cold_user_has_done_nothing(world: DemoWorld) -> None:
    assert world.cast.cold_user not in world.interactions.user_id


def test_the_unknown_user_is_no_user(world: DemoWorld) -> None:
    assert world.cast.unknown_user not in world.users.id


def test_the_warm_user_is_the_one_with_the_most_likes(world: DemoWorld) -> None:
    assert world.cast.warm_user == id_of("user", 2)


def test_the_warm_user_blocks_the_author_with_the_most_likes(world: DemoWorld) -> None:
    toy_story = world.posts.author_id[0]  # two likes; Heat has one
    pairs = zip(world.blocks.user_id.tolist(), world.blocks.blocked_user_id.tolist(), strict=True)
    assert (world.cast.warm_user, toy_story) in list(pairs)


def test_an_author_with_likes_blocks_the_warm_user(world: DemoWorld) -> None:
    pairs = zip(world.blocks.user_id.tolist(), world.blocks.blocked_user_id.tolist(), strict=True)
    assert (world.cast.blocking_author, world.cast.warm_user) in list(pairs)


def test_no_pair_is_blocked_twice(world: DemoWorld) -> None:
    pairs = list(zip(world.blocks.user_id.tolist(), world.blocks.blocked_user_id.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))


def test_the_same_seed_makes_the_same_world(world: DemoWorld) -> None:
    again = make_world(tiny_ratings(), seed=1, now=NOW)
    assert again.posts.author_id.tolist() == world.posts.author_id.tolist()
    assert again.blocks.created_at.tolist() == world.blocks.created_at.tolist()


def test_the_relations_have_the_contracts_columns(world: DemoWorld, tmp_path: Path) -> None:
    write_relations(world, tmp_path)
    headers = {path.stem: path.read_text().partition("\n")[0].strip() for path in tmp_path.iterdir()}
    assert headers == {
        "users": "id,created_at",
        "posts": "id,author_id,caption,image_url,created_at,deleted_at",
        "interactions": "user_id,post_id,kind,created_at",
        "blocks": "user_id,blocked_user_id,created_at",
    }


def test_written_times_carry_a_zone(world: DemoWorld, tmp_path: Path) -> None:
    write_relations(world, tmp_path)
    with (tmp_path / "interactions.csv").open(newline="") as file:
        newest = list(csv.DictReader(file))[-1]
    assert datetime.fromisoformat(newest["created_at"]) == NOW
