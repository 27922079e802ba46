"""Turns: who begins a round, ratios of one round, and peaks of memory."""

import math
import random

import pytest

from benchmarks.resident import MIB, forget_peak, peak_rss, rss_now
from benchmarks.turns import in_turn, median_interval, paired_ratio, take_turns


def test_another_system_begins_each_round() -> None:
    assert "".join(name for _, name in in_turn("abc", rounds=3)) == "abcbcacab"
    assert [each for each, _ in in_turn("ab", rounds=2)] == [0, 0, 1, 1]


def test_every_system_does_its_share_once_a_round_and_once_before() -> None:
    done: list[str] = []

    def share(name: str) -> float:
        done.append(name)
        return 1.0

    rates = take_turns({"a": lambda: share("a"), "b": lambda: share("b")}, rounds=3)
    assert (done.count("a"), done.count("b")) == (4, 4)
    assert len(rates["a"].per_second) == 3
    assert done[2:] == ["a", "b", "b", "a", "a", "b"]


def test_a_ratio_is_of_the_same_round() -> None:
    # The machine was ten times slower in the last round, for both: the ratio does not change.
    assert paired_ratio([2.0, 2.2, 20.0], [1.0, 1.1, 10.0]) == pytest.approx(2.0)


def test_the_peak_holds_what_was_freed_since_it_was_forgotten() -> None:
    forget_peak()
    before = peak_rss()
    block = bytearray(200 * MIB)
    del block
    assert peak_rss() >= before + 150 * MIB
    assert rss_now() < before + 150 * MIB
    forget_peak()
    assert peak_rss() < before + 150 * MIB


def test_of_nine_rounds_the_interval_leaves_out_the_best_and_the_worst() -> None:
    assert median_interval([9.0, 1.0, 1.1, 0.9, 1.2, 1.05, 0.98, 1.02, 0.1]) == (0.9, 1.2)


def test_of_few_rounds_the_interval_is_all_that_was_seen() -> None:
    assert median_interval([1.0, 3.0, 2.0]) == (1.0, 3.0)
    assert median_interval([2.0]) == (2.0, 2.0)


def test_the_median_lies_in_the_interval_as_often_as_it_says() -> None:
    rng = random.Random(1)
    intervals = [median_interval([rng.expovariate(1.0) for _ in range(9)]) for _ in range(4_000)]
    held = sum(low <= math.log(2) <= high for low, high in intervals) / len(intervals)
    assert 0.95 <= held <= 0.97  # 0.961 by the sign test
