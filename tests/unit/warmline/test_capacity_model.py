"""What a world needs in bytes: sums worked out by hand, and shares that scale."""

from warmline.capacity_model import (
    Weights,
    World,
    everything_active,
    postgres_bytes,
    reader_bytes,
    redis_bytes,
)

WEIGHTS = Weights(list=1000, viewer=100, viewer_post=4, catalogue_post=50, chain=1200)
HERE = World(
    users=1_000, posts=500, interactions=20_000, blocks=100, lists=400, candidates=250, events=8_000, scored=200
)  # fmt: skip


def test_redis_holds_a_list_a_phase_a_viewer_each_and_the_candidates() -> None:
    sizes = redis_bytes(HERE, WEIGHTS)
    assert sizes["lists, heuristic"] == 400_000
    assert sizes["lists, neucf"] == 200_000
    assert sizes["blocks and seen posts"] == 400 * (100 + 90 + 20 * 4)  # 20 events on candidates for each
    assert sizes["catalogue"] == 12_500


def test_a_reader_adds_their_chains_and_what_they_were_shown() -> None:
    assert reader_bytes(WEIGHTS, chains=4, seen_length=1500) == 4 * 1200 + 4 * 1500 + 100


def test_another_size_keeps_the_shares() -> None:
    other = HERE.scaled(users=10_000, posts=1_000, interactions=40_000, max_lists=100_000)
    assert (other.lists, other.scored, other.blocks) == (4_000, 2_000, 1_000)
    assert (other.candidates, other.events) == (500, 16_000)


def test_no_more_users_have_a_list_than_may() -> None:
    assert HERE.scaled(users=10_000, posts=500, interactions=20_000, max_lists=300).lists == 300
    assert everything_active(users=10_000, posts=500, interactions=20_000, max_lists=300).scored == 300


def test_over_views_the_relations_are_not_ours_to_store() -> None:
    own = postgres_bytes(HERE, views=False, vectors=0, vector_bytes=None)
    views = postgres_bytes(HERE, views=True, vectors=0, vector_bytes=None)
    assert set(own) - set(views) == {"users", "posts", "interactions", "blocks"}
    assert sum(own.values()) - sum(views.values()) > 20_000 * 300


def test_without_vectors_yet_there_will_be_two_for_each_post() -> None:
    known = postgres_bytes(HERE, views=True, vectors=700, vector_bytes=1000.0)
    assert known["vectors"] == 700_000
    assert postgres_bytes(HERE, views=True, vectors=None, vector_bytes=1000.0)["vectors"] == 2 * 500 * 1000
