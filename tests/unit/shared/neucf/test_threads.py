import threading
from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from shared.neucf.threads import map_in_threads


@pytest.fixture(autouse=True)
def threads() -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_parts() -> None:
    assert list(map_in_threads(lambda part: part * part, range(50))) == [part * part for part in range(50)]


def test_each_thread_computes_alone_and_the_setting_is_as_before(threads: int) -> None:
    def seen(_part: int) -> tuple[str, int]:
        return threading.current_thread().name, torch.get_num_threads()

    answers = list(map_in_threads(seen, range(20)))
    assert {allowed for _, allowed in answers} == {1}
    assert threading.current_thread().name not in {name for name, _ in answers}
    assert torch.get_num_threads() == threads


def test_no_more_parts_are_begun_than_are_asked_for(threads: int) -> None:
    begun: list[int] = []
    results = map_in_threads(begun.append, range(1000))
    list(islice(results, 1))
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 2 * threads
    assert torch.get_num_threads() == threads


def test_an_error_in_a_part_is_the_callers() -> None:
    def fail(part: int) -> int:
        if part == 7:
            raise ValueError("seven")
        return part

    with pytest.raises(ValueError, match="seven"):
        list(map_in_threads(fail, range(20)))
    assert torch.get_num_threads() == 3
