"""AdamW on the rows of a table that a step used, so that a step costs the same however large the table is.

In a large table, a row that a step did not use stays as it is: neither its moments fade nor does decay act on it
("lazy" Adam). Decay then acts on a row as often as the row is used. In a small one every row follows every step, as
AdamW has it: that is quicker than picking.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

BETAS = (0.9, 0.999)  # of Kingma and Ba 2015, as torch has them
EPSILON = 1e-8
FEW_ROWS = 2**13  # up to which all rows follow: 8,192 × 40 numbers take a fifth of a millisecond


class Adam:
    """Moments of some weights that always change together; torch's own class takes longer than such a step."""

    def __init__(self, weights: Sequence[Tensor], *, learning_rate: float, decay: float) -> None:
        self._weights = [each.detach() for each in weights]
        self._means, self._squares = ([torch.zeros_like(each) for each in self._weights] for _ in range(2))
        self._steps = [torch.zeros((), device=each.device) for each in self._weights]
        self._learning_rate, self._decay = learning_rate, decay

    @torch.no_grad()
    def step(self, gradients: list[Tensor]) -> None:
        """Follow the gradients, one of each of the weights."""
        self._follow(self._weights, gradients, self._means, self._squares)

    def _follow(
        self, weights: list[Tensor], gradients: list[Tensor], means: list[Tensor], squares: list[Tensor]
    ) -> None:
        torch._foreach_add_(self._steps, 1)
        torch._fused_adamw_(
            weights, gradients, means, squares, [], self._steps,
            lr=self._learning_rate, beta1=BETAS[0], beta2=BETAS[1], weight_decay=self._decay, eps=EPSILON,
            amsgrad=False, maximize=False,
        )  # fmt: skip


class RowAdam(Adam):
    """Moments of one table."""

    def __init__(self, table: Tensor, *, learning_rate: float, decay: float) -> None:
        super().__init__([table], learning_rate=learning_rate, decay=decay)

    @torch.no_grad()
    def step_rows(self, rows: Tensor, gradients: Tensor) -> None:
        """Follow gradients of rows; those of a row that is named several times add up.

        Args:
            rows: (n,) int64.
            gradients: (n, width).
        """
        (table,) = self._weights
        if len(table) <= FEW_ROWS:
            self.step([torch.zeros_like(table).index_add_(0, rows, gradients)])
            return
        used, place = torch.unique(rows, return_inverse=True)
        gradient = gradients.new_zeros(len(used), gradients.shape[1]).index_add_(0, place, gradients)
        whole = (table, self._means[0], self._squares[0])
        parts = [each.index_select(0, used) for each in whole]
        self._follow([parts[0]], [gradient], [parts[1]], [parts[2]])
        for each, part in zip(whole, parts, strict=True):
            each.index_copy_(0, used, part)
