"""What a world needs in bytes and seconds: what is here times what grows, worked out by hand."""

import pytest

from warmline.commands.capacity.model import (
    GROWS_WITH,
    HEURISTIC,
    REQUEST_BYTES,
    SCORE,
    TRAIN,
    BytesPerItem,
    DataSize,
    Growth,
    KeyCounts,
    Table,
    postgres_bytes,
    reader_bytes,
    redis_bytes,
    redis_bytes_assumed,
    seconds_of,
)

WEIGHTS = BytesPerItem(list=1000, viewer=100, viewer_post=4, catalogue_post=50, chain=1200, similar=400)
HERE = DataSize(users=10_000, posts=5_000, interactions=100_000)
TWICE = DataSize(users=20_000, posts=10_000, interactions=200_000)
GROWTH = Growth.between(HERE, TWICE)
KEYS = {
    "list:h": KeyCounts(count=1_000, bytes=1_200_000.0),
    "viewer": KeyCounts(count=100, bytes=100 * 72.0 + 4_000),
    "posts": KeyCounts(count=4, bytes=20_000.0),
    "similar": KeyCounts(count=25, bytes=10_000.0),
    "chain": KeyCounts(count=10, bytes=12_000.0),
    "suggested": KeyCounts(count=100, bytes=40_000.0),
    "names": KeyCounts(count=50, bytes=3_000.0),
    "shared": KeyCounts(count=8, bytes=9_000.0),
}
TABLES = {
    "users": Table(rows=10_000, bytes=1_000_000),
    "posts": Table(rows=5_000, bytes=700_000),
    "interactions": Table(rows=100_000, bytes=21_000_000),
    "blocks": Table(rows=10, bytes=50_000),
    "post_rows": Table(rows=1_000, bytes=200_000),
    "post_vectors": Table(rows=0, bytes=40_000),
}
VECTORS = {"caption": 1.0, "image": 0.5}


def test_what_redis_holds_grows_with_users_posts_and_interactions() -> None:
    sizes = redis_bytes(KEYS, Growth(users=2, posts=3, interactions=5), warm_users=500, max_lists=100_000)
    assert sizes == {
        "lists, heuristic": 2_400_000,
        "lists, neucf": 1_200_000,  # none is there yet: the warm users', each as large as the heuristic's
        "blocks and seen posts": 2 * 7_200 + 5 * 4_000,
        "catalogue": 60_000,
        "similar posts": 30_000,
        "posts by author": 0,  # nobody follows anybody
        "suggested authors": 2 * 40_000 + 3 * 3_000,
        "readers": 24_000,
        "shared by all": 9_000 + 500_000,
    }


def test_no_more_users_have_a_list_than_may() -> None:
    assert redis_bytes(KEYS, GROWTH, warm_users=0, max_lists=300)["lists, heuristic"] == 300 * 1_200


def test_before_anything_was_published_all_users_and_posts_count() -> None:
    sizes = redis_bytes_assumed(DataSize(users=1_000, posts=500, interactions=20_000), WEIGHTS, max_lists=400)
    assert (sizes["lists, heuristic"], sizes["lists, neucf"], sizes["catalogue"]) == (400_000, 400_000, 25_000)
    assert sizes["posts by author"] == 500 * 120 + 500 * 10
    assert sizes["blocks and seen posts"] == 400 * (100 + 90 + 50 * 4)


def test_a_reader_adds_their_chains_and_what_they_were_shown() -> None:
    assert reader_bytes(WEIGHTS, chains=4, seen_length=1500) == 4 * (1200 + REQUEST_BYTES) + 4 * 1500 + 100


def test_tables_that_are_large_enough_are_measured_and_the_others_assumed() -> None:
    sizes = postgres_bytes(TABLES, TWICE, GROWTH, views=False, vectors=VECTORS)
    assert (sizes["users"], sizes["posts"], sizes["interactions"]) == (2_000_000, 1_400_000, 42_000_000)
    assert (sizes["blocks"], sizes["post_rows"]) == (20 * 341, 2_000 * 186)
    assert sizes["post_vectors"] == 10_000 * (2 * 384 + 500) + 5_000 * (2 * 1280 + 820)


def test_vectors_that_are_stored_are_measured() -> None:
    tables = TABLES | {"post_vectors": Table(rows=7_500, bytes=10_000_000)}
    assert postgres_bytes(tables, TWICE, GROWTH, views=False, vectors=VECTORS)["post_vectors"] == 20_000_000


def test_over_views_our_tables_hold_what_comes_by_the_api() -> None:
    tables = TABLES | {"interactions": Table(rows=100, bytes=60_000), "users": Table(rows=0, bytes=16_000)}
    sizes = postgres_bytes(tables, TWICE, GROWTH, views=True, vectors=VECTORS)
    assert (sizes["users"], sizes["interactions"]) == (32_000, 120_000)


def test_seconds_are_those_of_the_last_run_each_part_times_what_it_grows_with() -> None:
    stages = {"load": 2.0, "rank": 1.0, "publish": 3.0}
    assert seconds_of(HEURISTIC, stages, 6.0, Growth(users=2, posts=3, interactions=5)) == {
        "load": 10.0, "rank": 5.0, "publish": 6.0
    }  # fmt: skip
    assert seconds_of(SCORE, {"start": 4.0, "publish": 1.0}, 5.0, Growth(users=2, posts=3, interactions=5)) == {
        "start": 4.0, "publish": 6.0
    }  # fmt: skip


def test_a_report_of_an_older_version_grows_as_a_whole() -> None:
    assert seconds_of(TRAIN, {}, 60.0, Growth(users=1, posts=1, interactions=3)) == {"whole": 180.0}


@pytest.mark.parametrize(
    "growth", [Growth(users=10.1, posts=1, interactions=1), Growth(users=1, posts=1, interactions=1e6)]
)
def test_a_run_on_less_than_a_tenth_says_nothing(growth: Growth) -> None:
    assert seconds_of(TRAIN, {"epochs": 1.0}, 1.0, growth) is None


def test_every_part_of_a_job_names_something_that_grows() -> None:
    growth = Growth(users=2, posts=3, interactions=5)
    assert {driver: growth.of(driver) for parts in GROWS_WITH.values() for driver in parts.values()} == {
        "users": 2, "posts": 3, "interactions": 5, "data": 5, "pairs": 6
    }  # fmt: skip
