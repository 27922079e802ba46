"""When a timeline process counts as hung."""

from collections.abc import Sequence

import pytest

from timeline.workers import HUNG_LOOKS, START_LOOKS, Silence


@pytest.mark.parametrize(
    ("beats", "looks"),
    [([], START_LOOKS), ([1], HUNG_LOOKS), ([0, 0, 7], HUNG_LOOKS), ([1, 1, 2, 2, 3], HUNG_LOOKS)],
    ids=["it never began", "it began and stopped", "it began slowly", "it served for a while"],
)
def test_a_process_is_hung_after_so_many_looks_without_a_new_sign_of_life(beats: Sequence[int], looks: int) -> None:
    silence = Silence()
    assert not any(silence.is_too_long(each) for each in beats)
    last = beats[-1] if beats else 0
    assert [silence.is_too_long(last) for _ in range(looks + 1)] == [False] * looks + [True]


def test_signs_of_life_now_and_then_are_enough() -> None:
    silence = Silence()
    assert not any(silence.is_too_long(beat) for beat in range(1, 5) for _ in range(HUNG_LOOKS))
