"""Turns: who begins a round, ratios of one round, and peaks of memory."""

import pytest

from benchmarks.resident import MIB, forget_peak, peak_rss, rss_now
from benchmarks.turns import in_turn, paired_ratio, take_turns


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
