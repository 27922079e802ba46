"""What the processor allows: the operations of a pair, at the speed at which it multiplies matrices of these shapes.

Counted are GMF and the output layer, two operations for each product; and for the hidden layer, split and computed
ahead, one addition a unit. The rectifiers, the choice of the best and all that happens once a user or post count as
free.
"""

from dataclasses import dataclass

import torch

from benchmarks.turns import Rates, Work
from shared.neucf.fast.fused import POSTS_AT_ONCE, USERS_AT_ONCE
from shared.neucf.model import NeuCF

WIDEST = 384  # of the products that show the processor's own speed
SECONDS = 0.05  # that a measurement takes, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A matrix product that each pair needs."""

    name: str
    operations: int  # of one pair
    work: Work  # gives the operations done


def shapes_of(model: NeuCF) -> list[Shape]:
    """GMF, and a large product for comparison."""
    gmf = model.config.gmf_width
    return [
        Shape(name=f"GMF {gmf}", operations=2 * gmf, work=_product(USERS_AT_ONCE, gmf, POSTS_AT_ONCE)),
        Shape(name="large", operations=0, work=_product(USERS_AT_ONCE, WIDEST, POSTS_AT_ONCE)),
    ]


def pairs_per_second(model: NeuCF, shapes: list[Shape], rates: dict[str, Rates]) -> float:
    """The floor. What is no matrix product (the hidden layer's addition, the output) counts at the largest speed."""
    fastest = max(rates[shape.name].median for shape in shapes)
    rest = 3 * model.config.tower[0]
    seconds = sum(shape.operations / rates[shape.name].median for shape in shapes) + rest / fastest
    return 1 / seconds


def pairs_at_best(model: NeuCF, shapes: list[Shape], rates: dict[str, Rates]) -> float:
    """The same operations all at the largest speed that was seen."""
    fastest = max(rates[shape.name].median for shape in shapes)
    rest = 3 * model.config.tower[0]
    return fastest / (sum(shape.operations for shape in shapes) + rest)


def _product(rows: int, inner: int, columns: int) -> Work:
    left, right, out = torch.randn(rows, inner), torch.randn(inner, columns), torch.empty(rows, columns)
    operations = 2 * rows * inner * columns
    times = max(1, int(SECONDS * 4e10 / operations))

    def multiply() -> float:
        for _ in range(times):
            torch.mm(left, right, out=out)
        return float(times * operations)

    return multiply
