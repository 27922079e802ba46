"""Parts add up, and what no part has taken is the rest."""

import time

import pytest

from shared.jobs.stages import REST, Stopwatch


def test_a_part_that_is_timed_again_adds_up_and_the_rest_is_what_is_left() -> None:
    watch = Stopwatch()
    for _ in range(2):
        with watch.part("load"):
            time.sleep(0.02)
    time.sleep(0.03)
    stages = watch.stages()
    assert set(stages) == {"load", REST}
    assert stages["load"] >= 0.04
    assert stages[REST] >= 0.03
    assert sum(stages.values()) == pytest.approx(watch.seconds, abs=0.02)


def test_time_that_somebody_else_has_taken_is_no_rest() -> None:
    watch = Stopwatch()
    watch.add("epochs", 5.0)
    assert watch.stages() == {"epochs": 5.0, REST: 0.0}


def test_a_part_that_fails_counts() -> None:
    watch = Stopwatch()
    with pytest.raises(ValueError, match="broken"), watch.part("load"):
        raise ValueError("broken")
    assert "load" in watch.stages()


def test_counts_add_up() -> None:
    watch = Stopwatch()
    watch.count("epochs", 2)
    watch.count("epochs", 3)
    assert watch.counts() == {"epochs": 5}


def test_parts_that_ran_side_by_side_share_the_time_in_which_they_did() -> None:
    watch, other = Stopwatch(), Stopwatch()
    watch.add("epochs", 1.0)
    other.add("epochs", 6.0)
    other.add("replay", 2.0)
    other.count("epochs", 3)
    watch.include(other, within=4.0)
    assert {name: watch.stages()[name] for name in ("epochs", "replay")} == {"epochs": 4.0, "replay": 1.0}
    assert watch.counts() == {"epochs": 3}


def test_parts_that_ran_one_after_another_keep_their_time() -> None:
    watch, other = Stopwatch(), Stopwatch()
    other.add("epochs", 6.0)
    watch.include(other, within=8.0)
    watch.include(other)
    assert watch.stages()["epochs"] == 12.0
