"""The figures of one shape as rows, and the bounds that `--quick` holds them against."""

from collections.abc import Iterator

from benchmarks.score.measure import BLOCKS, LOOP, OURS, Measured
from benchmarks.table import Row

MEBIBYTE = 2**20
MUSTS = {  # on ours ÷ it; of the issue of speed, on a machine of two cores
    ("paper", "Cornac rank"): "must ≥ 3",
    ("paper", LOOP): "must ≥ 1.5",
    ("paper", "floor"): "aim ≥ 0.6",
    ("default", "floor"): "must ≥ 0.3, aim ≥ 0.6",
}
FLOOR, BEST = "floor", "floor, all at the largest speed"
QUICK_BOUNDS = {"paper, plain loop": 1.2, "paper, floor": 0.3, "default, floor": 0.15}


def rows_of(shape: str, measured: Measured) -> list[Row]:
    """One row a system."""
    return list(_rows(shape, measured))


def broken(shape: str, measured: Measured) -> list[str]:
    """What does not hold of the generous bounds, and whether lists differ from the reference's."""
    ours = measured.rates[OURS].median
    ratios = {f"{shape}, plain loop": ours / measured.rates[LOOP].median, f"{shape}, floor": ours / measured.floor}
    faults = [
        f"{name}: got {ratios[name]:.2f}, expected {bound} or more"
        for name, bound in QUICK_BOUNDS.items()
        if name in ratios and ratios[name] < bound
    ]
    return faults if measured.compared.are_the_same else [*faults, f"{shape}: {measured.compared}"]


def _rows(shape: str, measured: Measured) -> Iterator[Row]:
    ours, shapes = measured.rates[OURS].median, {each.name for each in measured.shapes}
    pairs = {name: rates.median for name, rates in measured.rates.items() if name not in shapes}
    for name, value in {**pairs, FLOOR: measured.floor, BEST: measured.floor_at_best}.items():
        yield Row(
            system=f"{shape}: {name}", metric="pairs", value=value / 1e6, unit="M/s", ratio=round(ours / value, 3),
            note=MUSTS.get((shape, name), _note(name)),
        )  # fmt: skip
    for name in shapes:
        speed = measured.rates[name].median
        yield Row(system=f"{shape}: product {name}", metric="operations", value=speed / 1e9, unit="G/s", ratio=0.0)
    yield Row(
        system=f"{shape}: {OURS}", metric="memory over the model", value=measured.over_the_model / MEBIBYTE,
        unit="MiB", ratio=1.0, note="must ≤ 1,024",
    )  # fmt: skip


def _note(name: str) -> str:
    return "the first layer split, GMF's weights folded in" if name == BLOCKS else ""
