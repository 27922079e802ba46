"""When a timeline process counts as hung."""

from timeline.workers import Silence


def test_a_process_that_gives_signs_of_life_is_not_silent() -> None:
    silence = Silence()
    assert [silence.looks_at(beats) for beats in (1, 1, 2, 2, 3)] == [0, 1, 0, 1, 0]


def test_looks_without_a_new_sign_of_life_are_counted() -> None:
    silence = Silence()
    assert [silence.looks_at(7) for _ in range(4)] == [0, 1, 2, 3]


def test_a_process_that_has_not_begun_is_not_silent() -> None:
    silence = Silence()
    assert [silence.looks_at(0) for _ in range(4)] == [0, 0, 0, 0]
