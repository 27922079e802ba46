import pytest
import torch

from s02_train_neucf import row_adam
from s02_train_neucf.row_adam import RowAdam

RATE, DECAY = 0.1, 0.5


def stepped(steps: list[tuple[list[int], list[list[float]]]], *, decay: float = DECAY) -> torch.Tensor:
    table = torch.ones(4, 2)
    adam = RowAdam(table, learning_rate=RATE, decay=decay)
    for rows, gradients in steps:
        adam.step_rows(torch.tensor(rows), torch.tensor(gradients))
    return table


def by_torch(gradients: list[torch.Tensor], *, decay: float = DECAY) -> torch.Tensor:
    table = torch.ones(4, 2, requires_grad=True)
    adam = torch.optim.AdamW([table], lr=RATE, weight_decay=decay)
    for gradient in gradients:
        table.grad = gradient
        adam.step()
    return table.detach()


FIRST = [[1.0, -1.0], [2.0, 0.5], [-3.0, 1.0], [0.1, 4.0]]
SECOND = [[1.0, 1.0], [1.0, -1.0], [2.0, 2.0], [0.0, 3.0]]
EVERY_ROW: list[tuple[list[int], list[list[float]]]] = [([0, 1, 2, 3], FIRST), ([3, 2, 1, 0], SECOND)]


@pytest.mark.parametrize("few_rows", [0, 100], ids=["rows that are used", "all rows"])
def test_where_every_row_is_used_it_is_adamw(few_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_adam, "FEW_ROWS", few_rows)
    first, second = torch.tensor(FIRST), torch.tensor(SECOND).flip(0)
    torch.testing.assert_close(stepped(EVERY_ROW), by_torch([first, second]))


@pytest.mark.parametrize("few_rows", [0, 100], ids=["rows that are used", "all rows"])
def test_gradients_of_one_row_add_up(few_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_adam, "FEW_ROWS", few_rows)
    together = stepped([([2, 1, 2], [[1.0, 1], [5, 5], [2, -3]])])
    torch.testing.assert_close(together, stepped([([1, 2], [[5.0, 5], [3, -2]])]))


def test_a_row_of_a_large_table_that_is_not_used_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_adam, "FEW_ROWS", 0)
    table = stepped([([2], [[1.0, 1]]), ([2, 0], [[1.0, 1], [1, 1]])])
    assert torch.equal(table[[1, 3]], torch.ones(2, 2))
    assert (table[[0, 2]] < 1).all()


def test_in_a_small_table_decay_acts_on_every_row() -> None:
    table = stepped([([2], [[1.0, 1]])])
    torch.testing.assert_close(table[[0, 1, 3]], torch.full((3, 2), 1 - RATE * DECAY))
