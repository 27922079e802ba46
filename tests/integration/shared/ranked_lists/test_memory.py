"""Redis is bounded: publications replace, chains take turns in their slots, what was served is cut off (promise 7)."""

from collections import Counter

import pytest

from benchmarks.memory.__main__ import fill_and_measure, rows_of
from benchmarks.memory.fill import POSTS, Size
from benchmarks.memory.measure import LISTS, Held
from shared.ranked_lists import keys

SIZE = Size(users=200, publications=4, chains=1_200)  # six chains a user: more than there are slots


def test_memory_stays_within_the_bounds_of_each_key(fresh_redis: str) -> None:
    before, after = fill_and_measure(fresh_redis, SIZE)
    for kind in LISTS:
        assert before.count[kind] == after.count[kind] == SIZE.users
        assert after.size[kind] == pytest.approx(before.size[kind], rel=0.01)  # Redis rounds up to its blocks
    assert before.count["chains"] == 0
    assert SIZE.users < after.count["chains"] <= keys.CHAIN_SLOTS * SIZE.users < SIZE.chains
    assert 0 < after.count["tails"] <= after.count["chains"]
    assert after.per_key("served") < 8_192  # SEEN_LENGTH posts of 4 bytes, in the block that they come to lie in
    assert after.per_key("chains") < 2_048
    assert after.posts == before.posts + 5 * (SIZE.publications - 1) == POSTS + 15 - 1  # less the one that went away
    assert (after.without_end, after.count["not ours"]) == (0, 0)


def test_a_row_of_the_table_has_the_ratio_of_after_to_before() -> None:
    before = Held(count=Counter({LISTS[0]: 2}), size=Counter({LISTS[0]: 200}), posts=1, without_end=0, used=500)
    after = Held(count=Counter({LISTS[0]: 2}), size=Counter({LISTS[0]: 300}), posts=1, without_end=0, used=1000)
    rows = {(row.system, row.metric): row for row in rows_of(before, after, Size(users=2, publications=2, chains=0))}
    assert (rows[LISTS[0], "bytes per key"].value, rows[LISTS[0], "bytes per key"].ratio) == (150, 1.5)
    assert (rows["all keys", "bytes per user"].value, rows["all keys", "bytes used by Redis"].ratio) == (150, 2)
