"""What the processor allows: the operations of a pair, at the speed at which it multiplies matrices of these shapes.

Counted are GMF and the layers after the first one, two operations for each product; and for the first one, split and
computed ahead, one addition a unit. The rectifiers, the choice of the best and all that happens once a user or post
count as free.
"""

from dataclasses import dataclass

import torch

from benchmarks.score.plain import multiply_adds
from benchmarks.turns import Rates, Work
from shared.neucf.fused import POSTS_AT_ONCE, USERS_AT_ONCE
from shared.neucf.model import NeuCF

CELLS = 8192  # pairs at once: fewer cost calls, more no longer stay in the caches
WIDEST = 384  # of the products that show the processor's own speed
SECONDS = 0.05  # that a measurement takes, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A matrix product that each pair needs."""

    name: str
    operations: int  # of one pair
    work: Work  # gives the operations done


def shapes_of(model: NeuCF) -> list[Shape]:
    """GMF, each layer after the first one, and a large product for comparison."""
    gmf = model.config.gmf_width
    found = [Shape(name=f"GMF {gmf}", operations=2 * gmf, work=_product(USERS_AT_ONCE, gmf, POSTS_AT_ONCE))]
    for n_in, n_out in multiply_adds(model.tower)[:-1]:
        # The faster of the two ways round, by a wide margin for narrow layers.
        found.append(Shape(name=f"{n_in}→{n_out}", operations=2 * n_in * n_out, work=_product(n_out, n_in, CELLS)))
    return [*found, Shape(name="large", operations=0, work=_product(USERS_AT_ONCE, WIDEST, POSTS_AT_ONCE))]


def pairs_per_second(model: NeuCF, shapes: list[Shape], rates: dict[str, Rates]) -> float:
    """The floor. What is no matrix product (the first layer's addition, the last layer) counts at the largest speed."""
    fastest = max(rates[shape.name].median for shape in shapes)
    rest = model.config.tower[0] + 2 * multiply_adds(model.tower)[-1][0]
    seconds = sum(shape.operations / rates[shape.name].median for shape in shapes) + rest / fastest
    return 1 / seconds


def pairs_at_best(model: NeuCF, shapes: list[Shape], rates: dict[str, Rates]) -> float:
    """The same operations all at the largest speed that was seen."""
    fastest = max(rates[shape.name].median for shape in shapes)
    rest = model.config.tower[0] + 2 * multiply_adds(model.tower)[-1][0]
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
